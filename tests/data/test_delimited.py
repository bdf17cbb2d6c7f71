"""Raw text files: a line that does not fit is a reject, a file that does not fit an error."""

import shlex
import shutil
import subprocess
from pathlib import Path

import polars as pl
import pytest

from pipeline_lib.data.delimited import Column, RawTable, read_delimited
from pipeline_lib.data.errors import RawFileError
from pipeline_lib.data.rejects import Check, sieve

COLUMNS = (
    Column("item", r"^\d+$", "a whole number"),
    Column("title", "", "text"),
    Column("year", r"^\d{4}$", "a year"),
)
GOOD = "1::Café::1995"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "films.dat"


def read(path: Path, content: bytes, encoding: str = "latin-1") -> RawTable:
    path.write_bytes(content)
    return read_delimited(path, COLUMNS, "::", encoding)


def read_lines(path: Path, *lines: str) -> RawTable:
    return read(path, "".join(f"{line}\n" for line in lines).encode("latin-1"))


def error(path: Path, content: bytes, encoding: str = "latin-1") -> str:
    with pytest.raises(RawFileError) as caught:
        read(path, content, encoding)
    return str(caught.value)


def test_a_line_that_fits_becomes_one_row_of_strings(path: Path) -> None:
    table = read_lines(path, GOOD, "2:: Heat ::1996")
    assert table.rows.columns == ["line", "text", "item", "title", "year"]
    assert table.rows.rows() == [
        (1, GOOD, "1", "Café", "1995"),
        (2, "2:: Heat ::1996", "2", " Heat ", "1996"),
    ]
    assert (table.file, table.read, table.rejects.height) == ("films.dat", 2, 0)


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        ("2::Heat", None, "line has not 3 fields"),
        ("2::Heat::1996::R", None, "line has not 3 fields"),
        ("2:Heat:1996", None, "line has not 3 fields"),
        ("", None, "line has not 3 fields"),
        ("   ", None, "line has not 3 fields"),
        ("two::Heat::1996", "item", "not a whole number"),
        ("::Heat::1996", "item", "not a whole number"),
        ("2::Heat::96", "year", "not a year"),
        ("2::Heat::", "year", "not a year"),
        ("2::Heat::1996 ", "year", "not a year"),
        ("two::Heat::96", "item", "not a whole number"),
    ],
)
def test_a_line_that_does_not_fit_is_rejected_with_its_place_and_reason(
    path: Path, line: str, column: str | None, reason: str
) -> None:
    table = read_lines(path, GOOD, line, "3::Alien::1979")
    assert table.rejects.rows() == [("films.dat", 2, column, reason, line)]
    assert table.rows["line"].to_list() == [1, 3]
    assert table.read == 3


def test_an_overlapping_separator_is_split_from_the_left(path: Path) -> None:
    assert read_lines(path, "1:::Heat::1996").rows["title"].to_list() == [":Heat"]


def test_quotes_are_plain_text(path: Path) -> None:
    table = read_lines(path, '1::"Heat::1996', '2::Al"ien::1979')
    assert table.rows["title"].to_list() == ['"Heat', 'Al"ien']


@pytest.mark.parametrize(
    "content",
    [
        b"1::Heat::1996\n2::Alien::1979\n",
        b"1::Heat::1996\n2::Alien::1979",
        b"1::Heat::1996\r\n2::Alien::1979\r\n",
        b"1::Heat::1996\r\n2::Alien::1979",
        b"1::Heat::1996\r\n2::Alien::1979\n",
    ],
)
def test_line_ends_do_not_matter(path: Path, content: bytes) -> None:
    table = read(path, content)
    assert table.rows.select("text", "year").rows() == [
        ("1::Heat::1996", "1996"),
        ("2::Alien::1979", "1979"),
    ]
    assert (table.read, table.rejects.height) == (2, 0)


def test_a_blank_last_line_is_a_line(path: Path) -> None:
    table = read(path, b"1::Heat::1996\n\n")
    assert table.rejects.rows() == [("films.dat", 2, None, "line has not 3 fields", "")]
    assert table.read == 2


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8"])
def test_text_is_decoded(path: Path, encoding: str) -> None:
    assert read(path, GOOD.encode(encoding), encoding).rows["title"].to_list() == ["Café"]


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8"])
def test_ascii_fits_both_encodings(path: Path, encoding: str) -> None:
    assert read(path, b"1::Heat::1996", encoding).rows["title"].to_list() == ["Heat"]


def test_a_row_is_rejected_for_the_first_check_it_fails_or_cannot_be_put_to() -> None:
    frame = pl.DataFrame({"line": [1, 2, 3], "text": ["a", "b", "c"], "number": [1, None, -1]})
    checks = [
        Check("number", "zero", pl.col("number") == 0),
        Check(None, "low", pl.col("number") < 0),
    ]
    kept, rejects = sieve(frame, "films.dat", checks)
    assert kept.rows() == [(1, "a", 1)]
    assert rejects.rows() == [
        ("films.dat", 2, "number", "zero", "b"),
        ("films.dat", 3, None, "low", "c"),
    ]


def test_a_missing_file_is_named_with_the_remedy(path: Path) -> None:
    with pytest.raises(RawFileError) as caught:
        read_delimited(path, COLUMNS, "::", "latin-1")
    assert str(caught.value) == f"{path} does not exist; put it there or correct raw_dir"


@pytest.mark.parametrize("content", [b"", b"\n", b" \r\n\t\n"])
def test_an_empty_file_is_named_with_the_remedy(path: Path, content: bytes) -> None:
    assert error(path, content) == f"{path} is empty; unpack or download it again"


def test_utf_8_where_latin_1_is_due_is_named_with_its_place(path: Path) -> None:
    message = error(path, f"2::Heat::1996\n{GOOD}\n".encode())
    assert message.startswith(
        f"{path}, line 2, byte column 7: the file is in UTF-8, not latin-1; convert it with `iconv"
    )


def test_a_byte_order_mark_where_latin_1_is_due_is_named_with_its_place(path: Path) -> None:
    message = error(path, "2::Heat::1996\n".encode("utf-8-sig"))
    assert message.startswith(f"{path}, line 1, byte column 1: the file is in UTF-8, not latin-1")


def test_latin_1_where_utf_8_is_due_is_named_with_its_place(path: Path) -> None:
    message = error(path, f"2::Heat::1996\n{GOOD}\n".encode("latin-1"), "utf-8")
    assert message.startswith(f"{path}, line 2, byte column 7: the file is in ")
    assert "not utf-8; convert it with `iconv" in message


@pytest.mark.parametrize("due", ["latin-1", "utf-8"])
@pytest.mark.parametrize(("written", "column"), [("utf-16", 4), ("utf-16-le", 2), ("utf-16-be", 1)])
def test_utf_16_is_named_with_its_place(path: Path, due: str, written: str, column: int) -> None:
    message = error(path, f"{GOOD}\n".encode(written), due)
    assert message.startswith(
        f"{path}, line 1, byte column {column}: the file is in UTF-16, not {due}"
    )


@pytest.mark.skipif(shutil.which("iconv") is None, reason="iconv is not installed")
@pytest.mark.parametrize("written", ["utf-8", "utf-16"])
def test_the_remedy_for_an_encoding_mends_the_file(path: Path, written: str) -> None:
    remedy = error(path, GOOD.encode(written)).split("`")[1]
    mended = subprocess.run([*shlex.split(remedy), path], capture_output=True, check=False)
    assert (mended.stderr, mended.stdout) == (b"", GOOD.encode("latin-1"))


def test_a_file_of_another_layout_is_shown_with_the_layout_wanted(path: Path) -> None:
    message = error(path, b"item,title,year\n1,Heat,1996\n")
    assert message == (
        f"{path}: no line has the layout item::title::year; line 1 is 'item,title,year'. "
        "Is it another file, or a MovieLens of another size?"
    )


def test_a_file_whose_fields_never_match_is_of_another_layout(path: Path) -> None:
    assert "no line has the layout item::title::year" in error(path, b"a::b::c\nd::e::f\n")


def test_a_long_first_line_is_cut_in_the_message(path: Path) -> None:
    message = error(path, b"x" * 1000)
    assert f"line 1 is {'x' * 80!r}." in message
