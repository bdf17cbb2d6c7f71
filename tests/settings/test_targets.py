"""Targets that cannot be learned, and rules that have no effect, are refused with the way."""

from pathlib import Path

import pytest

from pipeline_lib.settings.errors import SettingsError
from pipeline_lib.settings.load import read_dataset
from pipeline_lib.settings.task import LARGEST
from tests.settings.shop import accepted, refusal, shop, write_shop

SCALE = "scale: [1, 5]"
TASK = "{kind: rating, scale: [1, 5]}"


def test_a_scale_too_large_is_refused_with_the_two_ways(tmp_path: Path) -> None:
    said = refusal(tmp_path, SCALE, "scale: [0, 160000]")
    assert said.startswith("task.scale: 160000 is too large to be learned and ranked, 100 is the ")
    assert "`transform: log1p` and `scale: [0, 11.99]`" in said
    assert "`divide: 10000` and `scale: [0, 16]`" in said
    below = refusal(tmp_path, SCALE, "scale: [-1000, 5]")
    assert "-1000 is too large" in below
    assert "log1p" not in below
    assert accepted(tmp_path, SCALE, f"scale: [-{LARGEST}, {LARGEST}]").task.scale[1] == LARGEST


def test_the_way_that_a_refusal_names_is_accepted(tmp_path: Path) -> None:
    for scale, rule in (("[0, 11.99]", "transform: log1p"), ("[0, 16]", "divide: 10000")):
        text = shop(SCALE, f"scale: {scale}")
        text = text.replace("target: stars", f"target: {{column: stars, {rule}}}")
        write_shop(tmp_path, text)
        assert read_dataset(tmp_path, "shop").interactions.target.is_rescaled


@pytest.mark.parametrize(
    ("task", "target", "message"),
    [
        (TASK, "{column: stars, at_least: 4}", "at_least and clicks make clicks; write `task: "),
        (TASK, "{column: stars, clicks: [5]}", "at_least and clicks make clicks; write `task: "),
        (
            "{kind: click}",
            "stars\n  repeats: sum",
            "a sum of clicks is no click; write `repeats: h",
        ),
        ("{kind: click}", "{column: stars, divide: 2}", "divide and transform are for ratings"),
        ("{kind: click}", "{column: stars, transform: log1p}", "divide and transform are for rat"),
        ("{kind: click}", "{column: stars, at_least: 1, clicks: [5]}", "a target has one rule"),
        ("{kind: click}", "{column: stars, constant: 1}", "no column is read; take column out"),
        ("{kind: click}", "{constant: 1, case: lower}", "no column is read; take case out"),
        (TASK, "{column: stars, divide: 0}", "interactions.target.divide: must be greater than 0"),
        (TASK, "{column: stars, transform: log}", "interactions.target.transform: must be 'log1p'"),
    ],
)
def test_rules_without_effect_are_refused(
    tmp_path: Path, task: str, target: str, message: str
) -> None:
    text = shop(TASK, task).replace("target: stars", f"target: {target}")
    write_shop(tmp_path, text)
    with pytest.raises(SettingsError) as raised:
        read_dataset(tmp_path, "shop")
    assert message in str(raised.value)


def test_negatives_are_of_clicks(tmp_path: Path) -> None:
    said = refusal(
        tmp_path, "title: My shop\n", "title: My shop\npartition: {negatives: {per_click: 4}}\n"
    )
    assert said == "partition.negatives is for click tasks; take it out"
