"""Cleaning MovieLens logs: what is kept, what is rejected and why, and what is reported."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from pipeline_lib.data.clean import CleanLogs
from pipeline_lib.data.errors import RawFileError
from pipeline_lib.data.movielens import read_movielens
from pipeline_lib.data.report import FileCount
from pipeline_lib.settings.dataset import Dataset

Lines = dict[str, list[str]]
CleanLines = Callable[[Mapping[str, Sequence[str]]], CleanLogs]


def file_count(logs: CleanLogs, file: str) -> FileCount:
    return next(count for count in logs.report.files if count.file == file)


def test_a_flawless_log_is_kept_whole(raw_lines: Lines, clean_lines: CleanLines) -> None:
    logs = clean_lines(raw_lines)
    assert logs.rejects.height == 0
    assert logs.users.rows() == [
        ("1", "F", "1", "10", "48067"),
        ("2", "M", "56", "16", "70072-1234"),
        ("3", "M", "25", "15", "55117"),
        ("4", "F", "18", "0", "02139"),
    ]
    assert logs.items.rows() == [
        ("1", ["Drama", "Comedy"], ["Ana Ruiz", "Bo Li"], ["Zoë Day", "Al Poe"]),
        ("2", ["Drama"], [], ["Al Poe"]),
        ("3", ["Action"], [], []),
        ("4", ["Comedy"], ["Bo Li"], []),
    ]
    assert logs.interactions.rows() == [
        ("1", "1", 5.0),
        ("1", "2", 3.0),
        ("2", "1", 4.0),
        ("2", "3", 1.0),
        ("3", "2", 2.0),
    ]


def test_columns_are_the_key_and_the_wanted_features(
    raw_lines: Lines, clean_lines: CleanLines
) -> None:
    logs = clean_lines(raw_lines)
    assert logs.users.columns == ["user", "gender", "age", "occupation", "zip"]
    assert logs.items.columns == ["item", "genre", "director", "actor"]
    assert logs.interactions.columns == ["user", "item", "target"]


def test_the_order_of_lines_does_not_matter(raw_lines: Lines, clean_lines: CleanLines) -> None:
    logs = clean_lines(raw_lines)
    turned = clean_lines({name: lines[::-1] for name, lines in raw_lines.items()})
    assert turned.users.equals(logs.users)
    assert turned.items.equals(logs.items)
    assert turned.interactions.equals(logs.interactions)


@pytest.mark.parametrize(
    ("file", "line", "column", "reason"),
    [
        ("ratings.dat", "3::1::5", None, "line has not 4 fields"),
        ("ratings.dat", "3::1::5::0::0", None, "line has not 4 fields"),
        ("ratings.dat", "", None, "line has not 4 fields"),
        ("ratings.dat", "0::1::5::0", "user", "not a positive whole number"),
        ("ratings.dat", "03::1::5::0", "user", "not a positive whole number"),
        ("ratings.dat", "-3::1::5::0", "user", "not a positive whole number"),
        ("ratings.dat", "3::one::5::0", "item", "not a positive whole number"),
        ("ratings.dat", "3::1::five::0", "target", "not a number"),
        ("ratings.dat", "3::1::::0", "target", "not a number"),
        ("ratings.dat", "3::1::nan::0", "target", "not a number"),
        ("ratings.dat", "3::1::1e0::0", "target", "not a number"),
        ("ratings.dat", "3::1::4,5::0", "target", "not a number"),
        ("ratings.dat", "3::1::5::yesterday", "timestamp", "not a whole number of seconds"),
        ("ratings.dat", "3::1::6::0", "target", "outside the scale 1 to 5"),
        ("ratings.dat", "3::1::0::0", "target", "outside the scale 1 to 5"),
        ("ratings.dat", "3::1::0.99::0", "target", "outside the scale 1 to 5"),
        ("ratings.dat", "3::1::-5::0", "target", "outside the scale 1 to 5"),
        ("ratings.dat", f"3::1::{'9' * 400}::0", "target", "outside the scale 1 to 5"),
        ("ratings.dat", "5::1::5::0", "user", "user has no row in users.dat"),
        ("ratings.dat", "3::5::5::0", "item", "item has no row in movies.dat"),
        ("ratings.dat", "5::5::6::0", "user", "user has no row in users.dat"),
        ("ratings.dat", "3::2::5::978300276", "item", "duplicate of an earlier line"),
        ("users.dat", "5::F::25::4", None, "line has not 5 fields"),
        ("users.dat", "5::X::25::4::11111", "gender", "not F or M"),
        ("users.dat", "5::f::25::4::11111", "gender", "not F or M"),
        ("users.dat", "5::FM::25::4::11111", "gender", "not F or M"),
        ("users.dat", "5::::25::4::11111", "gender", "not F or M"),
        (
            "users.dat",
            "5::F::26::4::11111",
            "age",
            "not one of the age codes 1, 18, 25, 35, 45, 50, 56",
        ),
        ("users.dat", "5::F::25::21::11111", "occupation", "not an occupation code from 0 to 20"),
        ("users.dat", "5::F::25::-1::11111", "occupation", "not an occupation code from 0 to 20"),
        ("users.dat", "5::F::25::4::", "zip", "not filled in"),
        ("users.dat", "5::F::25::4::  ", "zip", "not filled in"),
        ("users.dat", "4::M::25::4::11111", "user", "duplicate of an earlier line"),
        ("movies.dat", "5::Five (1999)", None, "line has not 3 fields"),
        ("movies.dat", "5.0::Five (1999)::War", "item", "not a positive whole number"),
        ("movies.dat", "5:: ::War", "title", "not filled in"),
        ("movies.dat", "4::Other (1999)::War", "item", "duplicate of an earlier line"),
        ("movies_extrainfos.dat", "3::Untold::N/A", None, "line has not 11 fields"),
        (
            "movies_extrainfos.dat",
            "x::a::b::c::d::e::f::g::h::i::j",
            "item",
            "not a positive whole number",
        ),
        (
            "movies_extrainfos.dat",
            "5::a::b::c::d::e::f::g::h::i::j",
            "item",
            "item has no row in movies.dat",
        ),
        (
            "movies_extrainfos.dat",
            "1::a::b::c::d::e::f::g::h::i::j",
            "item",
            "duplicate of an earlier line",
        ),
    ],
)
def test_a_bad_line_is_rejected_and_changes_no_table(
    raw_lines: Lines,
    clean_lines: CleanLines,
    file: str,
    line: str,
    column: str | None,
    reason: str,
) -> None:
    whole = clean_lines(raw_lines)
    raw_lines[file].append(line)
    logs = clean_lines(raw_lines)
    assert logs.rejects.rows() == [(file, len(raw_lines[file]), column, reason, line)]
    assert logs.users.equals(whole.users)
    assert logs.items.equals(whole.items)
    assert logs.interactions.equals(whole.interactions)


@pytest.mark.parametrize("target", ["1", "5", "2.5", "5.0"])
def test_a_number_within_the_scale_is_kept(
    raw_lines: Lines, clean_lines: CleanLines, target: str
) -> None:
    raw_lines["ratings.dat"].append(f"4::4::{target}::0")
    logs = clean_lines(raw_lines)
    assert logs.interactions.rows()[-1] == ("4", "4", float(target))


def test_the_first_of_two_duplicates_is_kept(raw_lines: Lines, clean_lines: CleanLines) -> None:
    raw_lines["users.dat"].insert(0, "4::M::25::4::11111")
    raw_lines["ratings.dat"].insert(0, "3::2::5::0")
    logs = clean_lines(raw_lines)
    assert logs.users.rows()[-1] == ("4", "M", "25", "4", "11111")
    assert logs.interactions.rows()[-1] == ("3", "2", 5.0)
    assert logs.rejects.select("file", "line", "text").rows() == [
        ("ratings.dat", 6, "3::2::2::978300275"),
        ("users.dat", 5, "4::F::18::0::02139"),
    ]


def test_a_bad_line_does_not_make_a_later_good_one_a_duplicate(
    raw_lines: Lines, clean_lines: CleanLines
) -> None:
    raw_lines["users.dat"].insert(0, "4::?::25::4::11111")
    raw_lines["ratings.dat"].insert(0, "3::2::6::0")
    logs = clean_lines(raw_lines)
    assert logs.rejects.select("file", "line", "column").rows() == [
        ("ratings.dat", 1, "target"),
        ("users.dat", 1, "gender"),
    ]
    assert (logs.users.height, logs.interactions.height) == (4, 5)


def test_ratings_of_a_rejected_user_or_movie_are_rejected_too(
    raw_lines: Lines, clean_lines: CleanLines
) -> None:
    raw_lines["users.dat"][1] = "2::M::57::16::70072"
    raw_lines["movies.dat"][1] = "2::::Drama"
    logs = clean_lines(raw_lines)
    assert logs.interactions.rows() == [("1", "1", 5.0)]
    assert logs.rejects.select("file", "line", "column", "reason").rows() == [
        ("movies.dat", 2, "title", "not filled in"),
        ("movies_extrainfos.dat", 2, "item", "item has no row in movies.dat"),
        ("ratings.dat", 1, "item", "item has no row in movies.dat"),
        ("ratings.dat", 3, "user", "user has no row in users.dat"),
        ("ratings.dat", 4, "user", "user has no row in users.dat"),
        ("ratings.dat", 5, "item", "item has no row in movies.dat"),
        ("users.dat", 2, "age", "not one of the age codes 1, 18, 25, 35, 45, 50, 56"),
    ]


def test_rejects_are_counted_by_reason_most_frequent_first(
    raw_lines: Lines, clean_lines: CleanLines
) -> None:
    raw_lines["ratings.dat"][1:1] = ["", "1::1::7::0", "9::1::5::0", "1::1::0::0"]
    count = file_count(clean_lines(raw_lines), "ratings.dat")
    assert (count.read, count.kept, count.rejected) == (9, 5, 4)
    assert list(count.reasons.items()) == [
        ("target outside the scale 1 to 5", 2),
        ("line has not 4 fields", 1),
        ("user user has no row in users.dat", 1),
    ]


def test_every_file_is_counted(raw_lines: Lines, clean_lines: CleanLines) -> None:
    logs = clean_lines(raw_lines)
    assert [str(count) for count in logs.report.files] == [
        "users.dat: 4 read = 4 kept + 0 rejected",
        "movies.dat: 4 read = 4 kept + 0 rejected",
        "movies_extrainfos.dat: 3 read = 3 kept + 0 rejected",
        "ratings.dat: 5 read = 5 kept + 0 rejected",
    ]


@pytest.mark.parametrize(("kept", "reasons"), [(3, {"bad": 1}), (4, {"bad": 2}), (3, {"bad": 3})])
def test_a_count_that_loses_rows_is_refused(kept: int, reasons: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"users\.dat: 5 rows read"):
        FileCount(file="users.dat", read=5, kept=kept, rejected=2, reasons=reasons)


def test_without_the_details_file_its_features_are_left_out_and_reported(
    raw_lines: Lines, clean_lines: CleanLines
) -> None:
    del raw_lines["movies_extrainfos.dat"]
    logs = clean_lines(raw_lines)
    assert logs.items.columns == ["item", "genre"]
    assert logs.report.item_features == ["genre"]
    assert logs.report.features_left_out == ["director", "actor"]
    assert [count.file for count in logs.report.files] == ["users.dat", "movies.dat", "ratings.dat"]


def test_with_the_details_file_nothing_is_left_out(
    raw_lines: Lines, clean_lines: CleanLines
) -> None:
    report = clean_lines(raw_lines).report
    assert report.item_features == ["genre", "director", "actor"]
    assert report.features_left_out == []


@pytest.fixture
def folder(raw_lines: Lines, tmp_path: Path) -> Path:
    for name, lines in raw_lines.items():
        encoding = "utf-8" if name == "movies_extrainfos.dat" else "latin-1"
        (tmp_path / name).write_bytes("\n".join(lines).encode(encoding))
    return tmp_path


def tables(folder: Path, movielens: Dataset) -> dict[str, Path]:
    files = {**movielens.files, **movielens.optional_files}
    return {table: folder / name for table, name in files.items()}


def test_year_comes_from_the_last_brackets_of_the_title(folder: Path, movielens: Dataset) -> None:
    titles = ["Heat (1995)", "1984 (1984) ", "Part (1972) Two", "(500) Days"]
    lines = [f"{item}::{title}::War" for item, title in enumerate(titles, 1)]
    (folder / "movies.dat").write_text("\n".join(lines))
    rows = read_movielens(tables(folder, movielens)).items.rows
    assert rows["year"].to_list() == [["1995"], ["1984"], [], []]


def test_rated_comes_from_the_details_without_n_a(folder: Path, movielens: Dataset) -> None:
    details = read_movielens(tables(folder, movielens)).item_details
    assert details is not None
    assert details.rows["rated"].to_list() == [["PG"], [], ["PG-13"]]


def test_a_movie_without_genres_has_an_empty_list(
    raw_lines: Lines, clean_lines: CleanLines
) -> None:
    raw_lines["movies.dat"][2] = "3::Untold::"
    logs = clean_lines(raw_lines)
    assert logs.items["genre"].to_list() == [["Drama", "Comedy"], ["Drama"], [], ["Comedy"]]


FILES = ["users.dat", "movies.dat", "ratings.dat", "movies_extrainfos.dat"]


@pytest.mark.parametrize("file", FILES)
def test_a_missing_file_is_named(folder: Path, movielens: Dataset, file: str) -> None:
    (folder / file).unlink()
    with pytest.raises(RawFileError, match=rf"{file} does not exist; put it there or correct"):
        read_movielens(tables(folder, movielens))


@pytest.mark.parametrize("file", FILES)
def test_an_empty_file_is_named(folder: Path, movielens: Dataset, file: str) -> None:
    (folder / file).write_bytes(b"")
    with pytest.raises(RawFileError, match=rf"{file} is empty; unpack or download it again"):
        read_movielens(tables(folder, movielens))


@pytest.mark.parametrize("file", FILES)
def test_a_file_in_utf_16_is_named(folder: Path, movielens: Dataset, file: str) -> None:
    (folder / file).write_text("1::2::3::4\n", encoding="utf-16")
    with pytest.raises(RawFileError, match=rf"{file}, line 1, byte column 4: .* in UTF-16, not"):
        read_movielens(tables(folder, movielens))


@pytest.mark.parametrize(("file", "other"), [*zip(FILES, FILES[::-1], strict=True)])
def test_a_file_of_another_layout_is_named(
    folder: Path, movielens: Dataset, raw_lines: Lines, file: str, other: str
) -> None:
    encoding = "utf-8" if file == "movies_extrainfos.dat" else "latin-1"
    (folder / file).write_text("\n".join(raw_lines[other]), encoding=encoding)
    with pytest.raises(
        RawFileError, match=rf"{file}: no line has the layout \w+::.*; line 1 is '1"
    ):
        read_movielens(tables(folder, movielens))


def test_movies_in_utf_8_are_named(folder: Path, movielens: Dataset, raw_lines: Lines) -> None:
    (folder / "movies.dat").write_text("\n".join(raw_lines["movies.dat"]), encoding="utf-8")
    with pytest.raises(RawFileError, match=r"movies\.dat, line 1, byte column 7: .* UTF-8, not"):
        read_movielens(tables(folder, movielens))


def test_details_in_latin_1_are_named(folder: Path, movielens: Dataset, raw_lines: Lines) -> None:
    details = "\n".join(raw_lines["movies_extrainfos.dat"][::-1])
    (folder / "movies_extrainfos.dat").write_text(details, encoding="latin-1")
    with pytest.raises(RawFileError, match=r"movies_extrainfos\.dat, line 3, byte column 7: "):
        read_movielens(tables(folder, movielens))


def test_line_ends_do_not_matter(raw_lines: Lines, clean_lines: CleanLines) -> None:
    unix = clean_lines(raw_lines)
    windows = clean_lines({n: [f"{line}\r" for line in lines] for n, lines in raw_lines.items()})
    assert windows.users.equals(unix.users)
    assert windows.items.equals(unix.items)
    assert windows.interactions.equals(unix.interactions)
    assert windows.rejects.height == 0


def test_ratings_of_which_none_can_be_kept_are_refused(
    raw_lines: Lines, clean_lines: CleanLines
) -> None:
    with pytest.raises(RawFileError, match=r"ratings\.dat: none of the 1 rows could be kept"):
        clean_lines({**raw_lines, "ratings.dat": ["1::99::3::978300760"]})


def test_a_rating_a_hair_above_the_scale_is_rejected(
    raw_lines: Lines, clean_lines: CleanLines
) -> None:
    logs = clean_lines({**raw_lines, "ratings.dat": ["1::1::5.0000001::0", "1::2::5::0"]})
    assert logs.rejects["reason"].to_list() == ["outside the scale 1 to 5"]
