"""Cleaning several files together: items in parts, events, missing files, files of no use."""

import re
from pathlib import Path

import polars as pl
import pytest

from pipeline_lib.data.raw.encoding import RawFileError
from pipeline_lib.settings.log import LogSettings
from tests.conftest import clean_folder
from tests.data.shop import FILES, SHOP, clean_shop, count, more

PARTS = [{"file": "items.csv"}, {"file": "extra.csv", "item": "id", "presence": "optional"}]
EXTRA = {"extra.csv": ["id,color,price", "b,red,9", "c,blue,9", "b,green,9", "a,,9", ",red,9"]}
CVR = {"kind": "numeric", "rate": "events"}
EVENTS = {
    "file": "events.csv",
    "presence": "optional",
    "by": {"year": "y", "price": {"column": "p", "remove": r"\$"}},
    "event": {"column": "what", "case": "lower"},
    "hits": ["buy", "order"],
    "trials": ["view"],
}


def features(**further: object) -> dict[str, object]:
    return {**SHOP["item_features"], **further}


def test_items_files_are_joined_and_the_first_with_a_column_has_it(tmp_path: Path) -> None:
    color = features(color="categorical")
    logs = clean_shop(tmp_path, EXTRA, items=PARTS, item_features=color)
    assert logs.items.columns == ["item", "year", "tags", "price", "color"]
    assert logs.items.select("item", "price", "color").rows() == [("a", 1.5, None), ("b", 2, "red")]
    assert logs.rejects.sort("line").rows() == [
        ("extra.csv", 3, "id", "item has no row in items.csv", "c,blue,9"),
        ("extra.csv", 4, "id", "duplicate of an earlier row", "b,green,9"),
        ("extra.csv", 6, "id", "blank", ",red,9"),
    ]
    assert [one.file for one in logs.report.files] == [*list(FILES)[:2], "extra.csv", "ratings.csv"]
    assert logs.report.features_left_out == []
    assert str(logs.report.item_values[-1]) == "color: 1 of 2 known, 1 values; 1 blank"


def test_an_item_that_a_further_file_lacks_has_blanks(tmp_path: Path) -> None:
    brand = features(brand="categorical", labels={"kind": "multi-valued", "separator": "/"})
    extra = {"extra.csv": ["id,brand,labels", "b,x,m/n"]}
    logs = clean_shop(tmp_path, extra, items=PARTS, item_features=brand)
    assert logs.items.select("brand", "labels").rows() == [(None, []), ("x", ["m", "n"])]
    assert [one.problems for one in logs.report.item_values[-2:]] == [{"blank": 1}, {"blank": 1}]


def test_features_of_a_missing_file_and_those_made_of_them_are_left_out(tmp_path: Path) -> None:
    made = features(
        size="numeric",
        logsize={"kind": "numeric", "log": "size"},
        both={"kind": "numeric", "product": ["price", "logsize"]},
        logprice={"kind": "numeric", "log": "price"},
        ctr={"kind": "numeric", "rate": "target"},
    )
    logs = clean_shop(tmp_path, items=PARTS, item_features=made)
    assert logs.report.features_left_out == ["size", "logsize", "both"]
    assert logs.report.item_features == ["year", "tags", "price", "logprice", "ctr"]
    assert logs.items.columns == ["item", "year", "tags", "price"]
    assert [one.name for one in logs.report.item_values] == ["year", "tags", "price"]


def test_rates_of_missing_events_are_left_out(tmp_path: Path) -> None:
    made = features(cvr=CVR, logcvr={"kind": "numeric", "log": "cvr"})
    events = {**EVENTS, "by": {"year": "year"}}
    logs = clean_shop(tmp_path, events=events, item_features=made)
    assert logs.report.features_left_out == ["cvr", "logcvr"]
    assert logs.events.columns == ["user", "year", "events", "hits", "trials"]
    assert logs.events.height == 0


def test_rates_by_a_group_that_is_left_out_are_left_out(tmp_path: Path) -> None:
    made = {"cvr": CVR, **SHOP["item_features"], "color": "categorical"}
    events = {**EVENTS, "by": {"color": "color"}}
    lines = {"events.csv": ["user,what,color", "1,buy,red"]}
    logs = clean_shop(tmp_path, lines, items=PARTS, events=events, item_features=made)
    assert logs.report.features_left_out == ["cvr", "color"]


def test_a_file_of_items_without_any_feature_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RawFileError, match=r"items\.csv alone has none of the item features hue;"):
        clean_shop(tmp_path, items=PARTS, item_features={"hue": "categorical"})


def test_a_feature_that_no_file_has_names_the_nearest_column(tmp_path: Path) -> None:
    with pytest.raises(RawFileError, match=r"items\.csv: unknown column 'prize'; did you mean 'pr"):
        clean_shop(tmp_path, item_features=features(prize="numeric"))


@pytest.mark.parametrize(
    ("table", "file"),
    [("users", {"user": "usr"}), ("interactions", {"target": "targt"}), ("items", {"item": "itm"})],
)
def test_a_key_that_a_file_has_not_names_the_nearest_column(
    tmp_path: Path, table: str, file: dict[str, str]
) -> None:
    ((key, wrong),) = file.items()
    with pytest.raises(RawFileError, match=rf"unknown column '{wrong}'; did you mean '{key}'"):
        clean_shop(tmp_path, **{table: {**SHOP[table], **file}})


def test_items_that_no_file_lists_can_be_kept(tmp_path: Path) -> None:
    lines = more("ratings.csv", "2,new,3", "1,new,2", "9,far,3", "1,bad,9")
    logs = clean_shop(tmp_path, lines, unknown_items="keep")
    assert logs.items.rows()[2:] == [("new", None, [], None)]
    assert logs.interactions.filter(pl.col("item") == "new").rows() == [
        *(("2", "new", 3.0), ("1", "new", 2.0))
    ]
    assert logs.rejects["line"].to_list() == [7, 8]
    assert (logs.report.items, logs.report.items_without_row) == (3, 1)
    assert [one.problems for one in logs.report.item_values] == [{"blank": 1}] * 3
    assert count(logs, "items.csv").kept == 2


@pytest.mark.parametrize(
    ("repeats", "line", "target"), [("first", [3, 4, 5, 6], 2.0), ("highest", [2, 3, 5, 6], 5.0)]
)
def test_one_row_stands_for_all_of_a_user_and_an_item(
    tmp_path: Path, repeats: str, line: list[int], target: float
) -> None:
    ratings = ["user,item,target", "1,a,2", "1,a,1", "1,a,5", " 1 ,a,5", "1,a,3", "1,b,1", "2,a,2"]
    table = {"file": "ratings.csv", "repeats": repeats}
    logs = clean_shop(tmp_path, {"ratings.csv": ratings}, interactions=table)
    assert logs.interactions.rows() == [("1", "a", target), ("1", "b", 1.0), ("2", "a", 2.0)]
    assert logs.rejects["line"].to_list() == line
    assert logs.rejects["text"].to_list() == [ratings[number - 1] for number in line]
    assert set(logs.rejects["reason"]) == {"another row of this user and item is taken"}


def test_implicit_zeros_are_beyond_the_scale_or_its_lowest_rating(tmp_path: Path) -> None:
    ratings = {"ratings.csv": ["user,item,target", "1,a,0", "1,b,10", "2,a,1"]}
    explicit = clean_shop(tmp_path, ratings, task={"kind": "rating", "scale": [1, 10]})
    assert explicit.interactions.rows() == [("1", "b", 10.0), ("2", "a", 1.0)]
    assert [row[1:4] for row in explicit.rejects.rows()] == [
        (2, "target", "outside the scale 1 to 10")
    ]
    implicit = clean_shop(tmp_path, ratings, task={"kind": "rating", "scale": [0, 10]})
    assert implicit.interactions["target"].to_list() == [0.0, 10.0, 1.0]
    assert implicit.rejects.height == 0


def test_the_ends_of_a_scale_that_is_no_float_are_within(tmp_path: Path) -> None:
    ratings = {"ratings.csv": ["user,item,target", "1,a,0.7", "1,b,4.9", "2,a,0.69", "2,b,4.91"]}
    logs = clean_shop(tmp_path, ratings, task={"kind": "rating", "scale": [0.7, 4.9]})
    assert logs.interactions.select("user", "item").rows() == [("1", "a"), ("1", "b")]


def test_clicks_are_zero_or_one(tmp_path: Path) -> None:
    ratings = {"ratings.csv": ["user,item,target", "1,a,0", "1,b,1.0", "2,a,0.5", "2,b,2"]}
    logs = clean_shop(tmp_path, ratings, task={"kind": "click"})
    assert logs.interactions["target"].to_list() == [0.0, 1.0]
    assert logs.rejects.select("line", "column", "reason").rows() == [
        *((4, "target", "neither 0 nor 1"), (5, "target", "neither 0 nor 1"))
    ]


def test_events_are_counted_by_user_and_group(tmp_path: Path) -> None:
    lines = [
        "user,what,y,p",
        *("1,view,1999,$1", "1,Buy,1999,1", "1,fav,1999,1", "2,order,1999,1", "1,view,,1"),
        *("1,view,2000,", "9,view,1999,1", "1,,1999,1", "1,view,1999", "1,view,1999,$1"),
    ]
    by = features(price="categorical", cvr=CVR)
    logs = clean_shop(tmp_path, {"events.csv": lines}, events=EVENTS, item_features=by)
    assert logs.events.columns == ["user", "year", "price", "events", "hits", "trials"]
    assert logs.events.rows() == [
        ("1", "", "1", 1, 0, 1),
        ("1", "1999", "1", 4, 1, 2),
        ("1", "2000", "", 1, 0, 1),
        ("2", "1999", "1", 1, 1, 0),
    ]
    assert logs.rejects.rows() == [
        ("events.csv", 8, "user", "user has no row in users.csv", "9,view,1999,1"),
        ("events.csv", 9, "what", "blank", "1,,1999,1"),
        ("events.csv", 10, None, "line has not 4 fields", "1,view,1999"),
    ]
    assert str(count(logs, "events.csv")).startswith("events.csv: 10 read = 7 kept + 3 rejected; ")
    assert logs.report.features_left_out == []


NAMES = {"events.csv": "user,what,y,p", **{name: lines[0] for name, lines in FILES.items()}}


@pytest.mark.parametrize("file", NAMES)
def test_a_file_of_which_no_row_can_be_used_is_refused(tmp_path: Path, file: str) -> None:
    lines = {"events.csv": [NAMES["events.csv"], "1,view,1999,1"]}
    by = features(price="categorical", cvr=CVR)
    long = "x" * 200
    settings = {"events": EVENTS, "item_features": by}
    message = (
        rf"{file}: none of the 3 rows could be kept, most often because 'line has not \d fields'; "
        rf"the first is '{long[:80]}'\. Is it another file, or does it not belong to the others\?"
    )
    with pytest.raises(RawFileError, match=message):
        clean_shop(tmp_path, {**lines, file: [NAMES[file], long, "y", ",,,"]}, **settings)
    with pytest.raises(RawFileError, match=rf"{file} has no rows; unpack or download it again"):
        clean_shop(tmp_path, {**lines, file: [NAMES[file]]}, **settings)


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize(("content", "words"), [(None, "does not exist; put"), ("", "is empty; ")])
def test_a_missing_or_empty_file_is_named(
    tmp_path: Path, file: str, content: str | None, words: str
) -> None:
    texts = {name: "\n".join(lines) for name, lines in FILES.items()} | {file: content}
    for name, text in texts.items():
        if text is not None:
            (tmp_path / name).write_text(text)
    with pytest.raises(RawFileError, match=re.escape(f"{tmp_path / file} {words}")):
        clean_folder(tmp_path, LogSettings.model_validate(SHOP), tmp_path / "clean")


def as_parquet(folder: Path) -> LogSettings:
    """Write the shop's files as Parquet, with numbers and lists."""
    frames = {
        "users": pl.DataFrame({"user": [1, 2, None], "sex": ["F", "M", "F"], "age": [20, 40, 1]}),
        "items": pl.DataFrame(
            {"item": ["a", "b"], "year": [1999, 2000], "tags": [["x", "y"], ["y"]]}
        ).with_columns(price=pl.Series([1.5, 2.0])),
        "ratings": pl.DataFrame({"user": [1, 1, 2], "item": [*"aba"], "target": [3.0, 4.5, 1.0]}),
    }
    for name, frame in frames.items():
        frame.write_parquet(folder / f"{name}.parquet")
    roles = {"users": "users", "items": "items", "interactions": "ratings"}
    tables = {role: {"file": f"{name}.parquet"} for role, name in roles.items()}
    return LogSettings.model_validate({**SHOP, **tables})


def test_parquet_files_are_cleaned_as_text_is(tmp_path: Path) -> None:
    text = clean_shop(tmp_path)
    logs = clean_folder(tmp_path, as_parquet(tmp_path), tmp_path / "clean")
    assert logs.users.equals(text.users)
    assert logs.items.equals(text.items)
    assert logs.interactions.equals(text.interactions)
    assert logs.rejects.rows() == [("users.parquet", 3, "user", "blank", "\tF\t1")]


def test_a_parquet_file_damaged_in_the_middle_is_named(tmp_path: Path) -> None:
    log = as_parquet(tmp_path)
    path = tmp_path / "users.parquet"
    user = [str(n) for n in range(5000)]
    pl.DataFrame({"user": user, "sex": "F", "age": 20}).write_parquet(path)
    content = path.read_bytes()
    middle = len(content) // 2
    path.write_bytes(content[:middle] + bytes(200) + content[middle + 200 :])
    with pytest.raises(RawFileError, match=r"users\.parquet is damaged"):
        clean_folder(tmp_path, log, tmp_path / "clean")


def test_users_may_be_in_several_files(tmp_path: Path) -> None:
    people = {
        "users.csv": ["user,sex", "1,F", "2,M", "3,F", "4,?"],
        "ages.tsv": ["sex\tnumber\tage", "x\t3\t50", "x\t1\t20", "x\t9\t20", "x\t2\t?", "x\t1\t40"],
    }
    blank = {"blank": ["?"]}
    users = [
        {"file": "users.csv", **blank},
        {"file": "ages.tsv", "user": "number", **blank},
    ]
    age = {"kind": "bucketed", "edges": [30]}
    two = {"sex": SHOP["user_features"]["sex"], "age": age}
    logs = clean_shop(tmp_path, people, users=users, user_features=two)
    assert logs.users.rows() == [
        ("1", "F", "below 30", None),
        ("2", "M", None, "age is blank"),
        ("3", "F", "30 and above", None),
        ("4", None, None, "sex is blank"),
    ]
    assert logs.rejects.select("file", "line", "column", "reason").rows() == [
        ("ages.tsv", 4, "number", "user has no row in users.csv"),
        ("ages.tsv", 6, "number", "duplicate of an earlier row"),
    ]
    assert [str(one) for one in logs.report.files[:2]] == [
        "users.csv: 4 read = 4 kept + 0 rejected",
        "ages.tsv: 5 read = 3 kept + 2 rejected; 1 number: duplicate of an earlier row; "
        "1 number: user has no row in users.csv",
    ]
    with pytest.raises(RawFileError, match=r"users\.csv: unknown column 'town'"):
        clean_shop(tmp_path, people, users=users, user_features={**two, "town": {**age}})


def test_flags_and_several_values_are_read_of_users_and_items(tmp_path: Path) -> None:
    files = {
        "users.csv": ["user,likes,a,b", "1,x|y,1,0", "2,y,0,0", "3,,1,1", "4,x,2,1"],
        "items.csv": ["item,War,Art", "a,1,1", "b,0,0"],
    }
    several = {"kind": "multi-valued", "separator": "|", "missing": "unknown"}
    owns = {"kind": "multi-valued", "flags": ["a", "b"], "replace": {"a": "A", "c": "C"}}
    logs = clean_shop(
        tmp_path,
        files,
        user_features={"likes": several, "owns": owns},
        item_features={"genre": {"kind": "multi-valued", "flags": ["War", "Art"]}},
    )
    assert logs.users.rows() == [
        ("1", ["x", "y"], ["A"], None),
        ("2", ["y"], [], "owns is blank"),
        ("3", [], ["A", "b"], None),
        ("4", ["x"], [], "owns is a: neither 0 nor 1"),
    ]
    assert logs.items.rows() == [("a", ["War", "Art"]), ("b", [])]
    assert count(logs, "users.csv").unmet == {"owns": ["c"]}
    assert [str(one) for one in logs.report.user_values] == [
        "likes: 3 of 4 known, 2 values; 1 blank",
        "owns: 2 of 4 known, 2 values; 1 a: neither 0 nor 1; 1 blank",
    ]
    with pytest.raises(RawFileError, match=r"items\.csv: unknown column 'Pop'"):
        clean_shop(
            tmp_path,
            files,
            user_features={"likes": several},
            item_features={"genre": {"kind": "multi-valued", "flags": ["War", "Pop"]}},
        )
