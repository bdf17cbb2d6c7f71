"""What is learned from the target's column: clicks, other scales, and their undoing."""

import math
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipeline_lib.data.clean.targets import rescale, undo
from pipeline_lib.settings.columns import Target
from tests.data.shop import clean_shop

CLICK = {"kind": "click"}
STARS = ["user,item,target", "1,a,3", "1,b,4.5", "2,a,4.0", "2,b,zero"]
EVENTS = ["user,item,target", "1,a,buy", "1,b,view", "2,a,Cart", "2,b,"]
PLAYS = ["user,item,target", "1,a,160000", "1,b,0", "2,a,99", "2,b,-5"]


def cleaned(
    folder: Path, lines: list[str], task: dict[str, Any], **target: object
) -> tuple[list[float], list[tuple[str | None, str]]]:
    """Clean ratings by a rule; return the targets, and columns and reasons of the rejects."""
    table = {"file": "ratings.csv", "target": target}
    logs = clean_shop(folder, {"ratings.csv": lines}, task=task, interactions=table)
    return logs.interactions["target"].to_list(), logs.rejects.select("column", "reason").rows()


def test_stars_of_a_threshold_and_more_are_clicks(tmp_path: Path) -> None:
    found = cleaned(tmp_path, STARS, CLICK, at_least=4)
    assert found == ([0, 1, 1], [("target", "not a number")])


def test_counts_from_one_are_clicks(tmp_path: Path) -> None:
    assert cleaned(tmp_path, PLAYS, CLICK, at_least=1)[0] == [1, 0, 1, 0]


def test_some_events_are_clicks(tmp_path: Path) -> None:
    found = cleaned(tmp_path, EVENTS, CLICK, clicks=["buy", "cart"], case="lower")
    assert found == ([1, 0, 1], [("target", "blank")])


def test_numbers_may_be_the_events(tmp_path: Path) -> None:
    """4 stands for 4.0, as everywhere."""
    assert cleaned(tmp_path, STARS[:4], CLICK, clicks=[4])[0] == [0, 0, 1]


def test_every_row_may_have_one_target(tmp_path: Path) -> None:
    pairs = ["user,item", "1,a", "1,b", "2,a"]
    assert cleaned(tmp_path, pairs, CLICK, constant=1) == ([1, 1, 1], [])


def test_plays_are_learned_on_another_scale(tmp_path: Path) -> None:
    task = {"kind": "rating", "scale": [0, 12]}
    targets, rejects = cleaned(tmp_path, PLAYS, task, transform="log1p")
    assert targets == pytest.approx([math.log(160_001), 0, math.log(100)])
    outside = "outside the scale 0 to 12 after `divide` and `transform`"
    assert rejects == [("target", outside)]
    task = {"kind": "rating", "scale": [0, 1]}
    assert cleaned(tmp_path, PLAYS, task, divide=99)[0] == [0, 1]


def test_rescaling_is_undone() -> None:
    ratings = pl.DataFrame({"rating": [0.0, 1.0, 3.5, 160_000.0]})
    for target in (
        Target(transform="log1p"),
        Target(divide=0.5),
        Target(divide=7, transform="log1p"),
    ):
        learned = ratings.select(rescale(pl.col("rating"), target))
        undone = learned.select(undo(pl.col("rating"), target))["rating"]
        assert undone.to_list() == pytest.approx(ratings["rating"].to_list())
    plain = ratings.select(undo(rescale(pl.col("rating"), Target()), Target()))
    assert plain.equals(ratings)


@pytest.mark.parametrize(
    ("repeats", "rule", "expected"),
    [
        ("sum", {"at_least": 5}, [1, 0]),
        ("mean", {"at_least": 5}, [0, 0]),
        ("highest", {"clicks": [3]}, [0, 1]),
    ],
)
def test_the_rule_is_for_what_stands_for_all_rows_of_a_user_and_an_item(
    tmp_path: Path, repeats: str, rule: dict[str, Any], expected: list[float]
) -> None:
    lines = ["user,item,target", "1,a,2", "1,b,4", "1,a,3"]
    table = {"file": "ratings.csv", "target": rule, "repeats": repeats}
    logs = clean_shop(tmp_path, {"ratings.csv": lines}, task=CLICK, interactions=table)
    assert logs.interactions["target"].to_list() == expected


def test_plays_are_summed_before_the_logarithm(tmp_path: Path) -> None:
    lines = ["user,item,target", "1,a,70", "1,b,4", "1,a,29"]
    table = {"file": "ratings.csv", "target": {"transform": "log1p"}, "repeats": "sum"}
    task = {"kind": "rating", "scale": [0, 5]}
    logs = clean_shop(tmp_path, {"ratings.csv": lines}, task=task, interactions=table)
    assert logs.interactions["target"].to_list() == pytest.approx([math.log(100), math.log(5)])
