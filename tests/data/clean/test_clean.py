"""Cleaning a small log: what is kept, what is rejected and why, and what is reported."""

import logging
from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from pipeline_lib.data.clean.checks import Check, judge, passed, rejected
from pipeline_lib.data.clean.report import FileCount
from tests.data.shop import FILES, SHOP, clean_shop, count, more


def test_a_flawless_log_is_kept_whole(tmp_path: Path) -> None:
    logs = clean_shop(tmp_path)
    assert logs.users.columns == ["user", "sex", "age", "problem"]
    assert logs.users.rows() == [("1", "F", "below 30", None), ("2", "M", "30 and above", None)]
    assert logs.items.columns == ["item", "year", "tags", "price"]
    assert logs.items.rows() == [("a", "1999", ["x", "y"], 1.5), ("b", "2000", ["y"], 2.0)]
    assert logs.interactions.columns == ["user", "item", "target"]
    assert logs.interactions.rows() == [("1", "a", 3.0), ("1", "b", 4.5), ("2", "a", 1.0)]
    assert (logs.events.height, logs.rejects.height) == (0, 0)
    assert [str(one) for one in logs.report.files] == [
        "users.csv: 2 read = 2 kept + 0 rejected",
        "items.csv: 2 read = 2 kept + 0 rejected",
        "ratings.csv: 3 read = 3 kept + 0 rejected",
    ]


BAD_ROWS = [
    ("users.csv", "3,F", None, "line has not 3 fields"),
    ("users.csv", "3,F,20,", None, "line has not 3 fields"),
    ("users.csv", "", None, "line has not 3 fields"),
    ("users.csv", '3,"F,20', None, "line has not 3 fields"),
    ("users.csv", ",F,20", "user", "blank"),
    ("users.csv", " ? ,F,20", "user", "blank"),
    ("users.csv", "1,M,50", "user", "duplicate of an earlier row"),
    ("users.csv", " 1 ,M,50", "user", "duplicate of an earlier row"),
    ("items.csv", "c,1999,x", None, "line has not 4 fields"),
    ("items.csv", ",1999,x,1", "item", "blank"),
    ("items.csv", "b,1999,x,1", "item", "duplicate of an earlier row"),
    ("ratings.csv", "1", None, "line has not 3 fields"),
    ("ratings.csv", ",b,3", "user", "blank"),
    ("ratings.csv", "2,,3", "item", "blank"),
    ("ratings.csv", "2,b,", "target", "blank"),
    ("ratings.csv", "2,b,good", "target", "not a number"),
    ("ratings.csv", "2,b,nan", "target", "not a number"),
    ("ratings.csv", "2,b,inf", "target", "not a number"),
    ("ratings.csv", "2,b,0", "target", "outside the scale 1 to 5"),
    ("ratings.csv", "2,b,5.00000001", "target", "outside the scale 1 to 5"),
    ("ratings.csv", "2,b,-3", "target", "outside the scale 1 to 5"),
    ("ratings.csv", "3,b,3", "user", "user has no row in users.csv"),
    ("ratings.csv", "2,c,3", "item", "item has no row in items.csv"),
    ("ratings.csv", "3,c,9", "target", "outside the scale 1 to 5"),
    ("ratings.csv", "2,a,5", None, "another row of this user and item is taken"),
]


def test_bad_rows_are_rejected_for_what_is_wrong_with_each_and_change_no_table(
    tmp_path: Path,
) -> None:
    flawless = clean_shop(tmp_path)
    lines = {
        name: [*FILES[name], *(row[1] for row in BAD_ROWS if row[0] == name)] for name in FILES
    }
    logs = clean_shop(tmp_path, lines)
    expected = [(file, lines[file].index(line) + 1, *why, line) for file, line, *why in BAD_ROWS]
    assert sorted(logs.rejects.rows(), key=lambda row: row[:2]) == sorted(
        expected, key=lambda row: row[:2]
    )
    assert logs.users.equals(flawless.users)
    assert logs.items.equals(flawless.items)
    assert logs.interactions.equals(flawless.interactions)
    for file in FILES:
        named = Counter(f"{c}: {why}" if c else why for name, _, c, why in BAD_ROWS if name == file)
        assert count(logs, file).reasons == named


def test_users_with_a_blank_or_wrong_feature_are_kept_and_marked(tmp_path: Path) -> None:
    logs = clean_shop(tmp_path, more("users.csv", "3,X,20", "4,,40", "5,?,old", "6,F,", "7,M,old"))
    assert logs.users.rows()[2:] == [
        ("3", None, "below 30", "sex is not one of F, M"),
        ("4", None, "30 and above", "sex is blank"),
        ("5", None, None, "sex is blank"),
        ("6", "F", None, None),
        ("7", "M", None, None),
    ]
    assert logs.rejects.height == 0
    assert (logs.report.users, logs.report.sound_users) == (7, 4)
    assert [str(one) for one in logs.report.user_values] == [
        "sex: 4 of 7 known, 2 values; 2 blank; 1 not one of F, M",
        "age: 4 of 7 known, 2 values; 2 not a number; 1 blank",
    ]


def test_the_first_feature_that_drops_a_user_is_named(tmp_path: Path) -> None:
    both = {name: {**SHOP["user_features"][name], "missing": "drop"} for name in ("age", "sex")}
    logs = clean_shop(tmp_path, more("users.csv", "3,X,old", "4,X,20"), user_features=both)
    assert logs.users["problem"].to_list() == [
        *(None, None, "age is not a number", "sex is not one of F, M")
    ]


def test_where_unknown_drops_nobody_no_user_has_a_problem(tmp_path: Path) -> None:
    sex = {**SHOP["user_features"]["sex"], "missing": "unknown"}
    logs = clean_shop(tmp_path, more("users.csv", "3,X,20"), user_features={"sex": sex})
    assert logs.users.rows()[2] == ("3", None, None)
    assert (logs.report.users, logs.report.sound_users) == (3, 3)


def test_items_with_a_blank_or_wrong_feature_are_kept(tmp_path: Path) -> None:
    logs = clean_shop(tmp_path, more("items.csv", "c,99,||,free", "d,,,"))
    assert logs.items.rows()[2:] == [("c", None, [], None), ("d", None, [], None)]
    assert logs.rejects.height == 0
    assert [str(one) for one in logs.report.item_values] == [
        "year: 2 of 4 known, 2 values; 1 blank; 1 not a year",
        "tags: 2 of 4 known, 2 values; 2 blank",
        "price: 2 of 4 known, 2 values; 1 blank; 1 not a number",
    ]


def test_the_first_of_two_rows_of_a_user_is_kept(tmp_path: Path) -> None:
    logs = clean_shop(tmp_path, {"users.csv": ["user,sex,age", "2,?,1", "1,F,20", "2,M,40"]})
    assert logs.users.rows()[1] == ("2", None, "below 30", "sex is blank")
    assert logs.rejects["line"].to_list() == [4]


def test_a_row_of_several_lines_is_first_where_it_starts(tmp_path: Path) -> None:
    logs = clean_shop(tmp_path, {"users.csv": ["user,sex,age", '1,"\nF",20', "1,M,40", "2,M,40"]})
    assert logs.users.rows()[0] == ("1", "F", "below 30", None)
    assert logs.rejects["line"].to_list() == [4]


def test_a_bad_row_makes_no_later_good_one_a_duplicate(tmp_path: Path) -> None:
    lines = ["1,a,9", "1,a,3", "1,b,4", "2,a,1"]
    logs = clean_shop(tmp_path, {"ratings.csv": ["user,item,target", *lines]})
    assert logs.interactions.height == 3
    assert logs.rejects["line"].to_list() == [2]


def test_rejects_are_counted_by_reason_most_frequent_first(tmp_path: Path) -> None:
    logs = clean_shop(tmp_path, more("ratings.csv", "9,a,1", "1,a,7", "1,a,8", "1,b,2"))
    ratings = count(logs, "ratings.csv")
    assert (ratings.read, ratings.kept, ratings.rejected) == (7, 3, 4)
    assert [*ratings.reasons.items()] == [
        ("target: outside the scale 1 to 5", 2),
        ("another row of this user and item is taken", 1),
        ("user: user has no row in users.csv", 1),
    ]


@pytest.mark.parametrize(("bad", "warned"), [(0, False), (1, False), (2, True), (9, True)])
def test_a_file_that_loses_more_than_a_tenth_ends_in_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, bad: int, warned: bool
) -> None:
    rows = [f"{n},F,20" for n in range(3, 10)] + ["", *[",F,20"] * (bad - 1)] * (bad > 0)
    logs = clean_shop(tmp_path, more("users.csv", *rows))
    with caplog.at_level("INFO"):
        logs.report.write_to(logging.getLogger())
    lost = f"users.csv lost {100 * bad / (bad + 9):.0f} % of its rows, most often because "
    reason = "'user: blank'" if bad > 2 else "'line has not 3 fields'"
    last = caplog.records[-1]
    assert (last.levelname == "WARNING") == warned == last.getMessage().startswith(lost + reason)


def test_a_row_is_rejected_for_the_first_check_it_fails_or_cannot_be_put_to() -> None:
    columns = {"text": [*"abcd"], "number": [1, None, -1, 0]}
    rows = pl.LazyFrame({"line": [1, 2, 3, 4], **columns})
    checks = [
        Check("number", pl.col("number") == 0, "zero"),
        Check(None, pl.col("number") < 1, "low"),
    ]
    judged = rows.with_columns(judge(checks))
    assert passed(judged).collect().rows() == [(1, "a", 1)]
    assert rejected(judged, "f", checks).collect().rows() == [
        ("f", 2, "number", "zero", "b"),
        ("f", 3, None, "low", "c"),
        ("f", 4, "number", "zero", "d"),
    ]


@pytest.mark.parametrize(("good", "reasons"), [(3, {"bad": 1}), (4, {"bad": 2}), (3, {"bad": 3})])
def test_a_count_that_loses_rows_is_refused(good: int, reasons: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"users\.csv: 5 rows read"):
        FileCount(file="users.csv", read=5, kept=good, rejected=2, reasons=reasons)


def test_rows_whose_filter_fails_are_rejected(tmp_path: Path) -> None:
    filters = [
        {"column": "age", "between": [18, 99]},
        {"column": "sex", "values": ["f"], "case": "lower"},
    ]
    logs = clean_shop(
        tmp_path,
        more("users.csv", "3,F,17", "4,F,", "5,f,18", ",F,1"),
        users={"file": "users.csv", "filters": filters},
    )
    assert logs.users["user"].to_list() == ["1", "5"]
    assert logs.rejects.filter(logs.rejects["file"] == "users.csv").rows() == [
        ("users.csv", 3, "sex", "not one of f", "2,M,40"),
        ("users.csv", 4, "age", "not a number from 18 to 99", "3,F,17"),
        ("users.csv", 5, "age", "blank", "4,F,"),
        ("users.csv", 7, "user", "blank", ",F,1"),
    ]
    # What refers to a row that was rejected is rejected too.
    assert [row[:4] for row in logs.rejects.rows() if row[0] == "ratings.csv"] == [
        ("ratings.csv", 4, "user", "user has no row in users.csv")
    ]


def test_keys_are_cleaned_alike_in_every_file(tmp_path: Path) -> None:
    item = {"column": "isbn", "remove": "-", "case": "upper", "pattern": "^[A-Z]$"}
    logs = clean_shop(
        tmp_path,
        {
            "items.csv": ["isbn,year,tags,price", "-a,1999,x,1", "ab,1999,x,1", "B,2000,y,2"],
            "ratings.csv": ["user,item,target", "1,a-,3", "1,A,4", "1,b,2", "1,bb,2"],
        },
        items={"file": "items.csv", "item": item},
        interactions={"file": "ratings.csv", "item": {**item, "column": "item"}},
    )
    assert logs.items["item"].to_list() == ["A", "B"]
    assert logs.interactions.rows() == [("1", "A", 3.0), ("1", "B", 2.0)]
    assert [row[1:4] for row in logs.rejects.rows()] == [
        (3, "isbn", "not like ^[A-Z]$"),
        (5, "item", "not like ^[A-Z]$"),
        (3, None, "another row of this user and item is taken"),
    ]
