"""One row stands for all that a user has on an item, by each rule, and no row is lost."""

import logging
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Cleaned, one_in
from tests.data.shop import clean_shop, count

ROWS = ["1,a,2", "1,a,1", "1,b,1", "1,a,5", "2,a,2", "1,a,7", " 1 ,a,5", "1,a,3"]
TAKEN = "another row of this user and item is taken"
COUNTED = "counted in the first row of this user and item"
OFF = "outside the scale 1 to 5"
RATING = {"kind": "rating", "scale": [1, 5]}


def ratings(folder: Path, repeats: str, rows: list[str], task: dict[str, Any] = RATING) -> Cleaned:
    table = {"file": "ratings.csv", "repeats": repeats}
    files = {"ratings.csv": ["user,item,target", *rows]}
    return clean_shop(folder, files, interactions=table, task=task)


@pytest.mark.parametrize(
    ("repeats", "target", "reason", "lines"),
    [
        ("first", 2.0, TAKEN, [3, 5, 8, 9]),
        ("last", 3.0, TAKEN, [2, 3, 5, 8]),
        ("highest", 5.0, TAKEN, [2, 3, 8, 9]),
        ("mean", 3.2, COUNTED, [3, 5, 8, 9]),
    ],
)
def test_one_row_of_right_targets_stands(
    tmp_path: Path, repeats: str, target: float, reason: str, lines: list[int]
) -> None:
    logs = ratings(tmp_path, repeats, ROWS)
    found = {(user, item): value for user, item, value in logs.interactions.rows()}
    assert found == pytest.approx({("1", "a"): target, ("1", "b"): 1, ("2", "a"): 2})
    assert logs.rejects.select("line", "reason", "text").rows() == [
        (7, OFF, "1,a,7"),
        *((line, reason, ROWS[line - 2]) for line in lines),
    ]
    assert count(logs, "ratings.csv").kept == 3


def test_a_sum_is_held_to_the_scale_and_its_parts_are_not(tmp_path: Path) -> None:
    logs = ratings(tmp_path, "sum", ["1,a,0.5", "1,b,4", "2,b,0", "1,a,0.75", "1,b,2", "2,a,9"])
    assert logs.interactions.rows() == [("1", "a", 1.25)]
    assert logs.rejects.select("line", "column", "reason").rows() == [
        (3, "target", OFF),
        (4, "target", OFF),
        (5, None, COUNTED),
        (6, None, COUNTED),
        (7, "target", OFF),
    ]


def test_ratings_are_steps_where_the_scale_has_them(tmp_path: Path) -> None:
    task = {"kind": "rating", "scale": [0.5, 5], "step": 0.5}
    rows = ["1,a,0.5", "1,a,1.0", "1,b,3.7", "2,a,0.25", "2,b,4.500000000001"]
    logs = ratings(tmp_path, "mean", rows, task)
    assert logs.interactions.rows() == [("1", "a", 0.75), ("2", "b", 4.5)]
    assert logs.rejects.select("line", "reason").rows() == [
        (4, "not a step of 0.5 from 0.5"),
        (5, "outside the scale 0.5 to 5"),
        (3, COUNTED),
    ]
    logs = ratings(tmp_path, "sum", ["1,a,0.7", "1,a,0.3", "1,b,0.7", "2,a,1"], task)
    assert logs.interactions.rows() == [("1", "a", 1), ("2", "a", 1)]
    assert logs.rejects["reason"].to_list() == [COUNTED, "not a step of 0.5 from 0.5"]


def test_a_step_that_is_no_float_rejects_no_rating(tmp_path: Path) -> None:
    """In floats (0.7 - 0.1) / 0.1 is a little below 6."""
    task = {"kind": "rating", "scale": [0.1, 1], "step": 0.1}
    logs = ratings(tmp_path, "first", ["1,a,0.7", "1,b,0.35", "2,a,0.3", "2,b,1"], task)
    assert logs.interactions["target"].to_list() == pytest.approx([0.7, 0.3, 1])
    assert logs.rejects.select("line", "reason").rows() == [(3, "not a step of 0.1 from 0.1")]


def test_plays_are_summed_and_no_loss(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    scale = {"kind": "rating", "scale": [1, 100]}
    logs = ratings(tmp_path, "sum", ["1,a,1"] * 30 + ["1,b,1", "2,a,1", "2,a,x"], scale)
    assert logs.interactions.rows() == [("1", "a", 30), ("1", "b", 1), ("2", "a", 1)]
    with caplog.at_level("WARNING"):
        logs.report.write_to(logging.getLogger())
    assert caplog.messages == []
    lost = ratings(tmp_path, "sum", ["1,a,1"] * 7 + ["1,b,x", "2,a,x"], scale)
    assert count(lost, "ratings.csv").loss() == (
        "ratings.csv lost 22 % of its rows, most often because 'target: not a number': look into "
        "rejects.parquet"
    )


PAIRS = st.tuples(st.sampled_from("12"), st.sampled_from("ab"), st.integers(-1, 7))


@one_in(4)
@given(
    rows=st.lists(PAIRS, min_size=1, max_size=12), repeats=st.sampled_from(["last", "mean", "sum"])
)
def test_a_rule_does_what_a_plain_dict_does(
    rows: list[tuple[str, str, int]], repeats: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    own: dict[tuple[str, str], list[int]] = {("3", "a"): [1]}  # so that one is kept
    for user, item, target in rows:
        if repeats == "sum" or 1 <= target <= 5:
            own.setdefault((user, item), []).append(target)
    rule = {"last": lambda t: t[-1], "mean": lambda t: sum(t) / len(t), "sum": sum}[repeats]
    expected = {pair: rule(targets) for pair, targets in own.items()}
    lines = [f"{user},{item},{target}" for user, item, target in [*rows, ("3", "a", 1)]]
    folder = tmp_path_factory.mktemp("repeats")
    users = {"users.csv": ["user,sex,age", "1,F,20", "2,M,40", "3,F,1"]}
    table = {"file": "ratings.csv", "repeats": repeats}
    files = {**users, "ratings.csv": ["user,item,target", *lines]}
    logs = clean_shop(folder, files, interactions=table)
    found = {(user, item): value for user, item, value in logs.interactions.rows()}
    kept = {pair: value for pair, value in expected.items() if 1 <= value <= 5}
    assert found == pytest.approx(kept)
    assert len(found) + logs.rejects.height == len(lines)
