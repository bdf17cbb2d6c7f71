"""Numbers in settings meet those of a log, in text and in Parquet; what meets none is told."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipeline_lib.settings.log import LogSettings
from tests.conftest import Cleaned, clean_folder
from tests.data.shop import SHOP, clean_shop, count

LIKED = {1: 0, 2: 0, 3: 0, 4: 1, 5: 1}
DOUBLED = {n / 2: n for n in range(1, 11)}
UNCOVERED = "not among the values that `replace` names"


def targets(
    folder: Path,
    texts: list[Any],
    replace: Mapping[Any, Any],
    task: dict[str, Any],
    **how: object,
) -> Cleaned:
    """Clean ratings of one user, an item each, as CSV and, if they are numbers, as Parquet."""
    items = [f"{n}" for n in range(len(texts))]
    target = {"column": "target", "replace": replace}
    settings = {
        "task": task,
        "interactions": {"file": "ratings.csv", "target": target, **how},
        "item_features": {"price": {"kind": "numeric"}},
    }
    told = ["" if text is None else text for text in texts]
    rows = zip(items, told, strict=True)
    files = {
        "items.csv": ["item,price", *(f"{item},1" for item in items)],
        "ratings.csv": ["user,item,target", *(f"1,{item},{text}" for item, text in rows)],
    }
    logs = clean_shop(folder, files, **settings)
    if not any(isinstance(text, str) for text in texts):
        frame = pl.DataFrame(
            {"user": 1, "item": items, "target": pl.Series(texts, dtype=pl.Float64)}
        )
        frame.write_parquet(folder / "ratings.parquet")
        settings["interactions"] = {"file": "ratings.parquet", "target": target, **how}
        log = LogSettings.model_validate({**SHOP, **settings})
        same = clean_folder(folder, log, folder / "clean")
        assert same.interactions.equals(logs.interactions)
        assert same.rejects["reason"].equals(logs.rejects["reason"])
        assert same.report.files[2].unmet == logs.report.files[2].unmet
    return logs


@pytest.mark.parametrize(
    "texts",
    [[1.0, 2.0, 3.0, 4.0, 5.0], [1, 2, 3, 4, 5], ["1.00", "2.", "3", "4e0", " 5 "]],
)
def test_stars_become_clicks(tmp_path: Path, texts: list[Any]) -> None:
    logs = targets(tmp_path, texts, LIKED, {"kind": "click"})
    assert logs.interactions["target"].to_list() == [0, 0, 0, 1, 1]
    assert logs.rejects.height == 0
    assert count(logs, "ratings.csv").unmet == {}


def test_half_stars_are_doubled(tmp_path: Path) -> None:
    stars = [n / 2 for n in range(1, 11)]
    logs = targets(tmp_path, stars, DOUBLED, {"kind": "rating", "scale": [1, 10]})
    assert logs.interactions["target"].to_list() == [*range(1, 11)]
    assert logs.rejects.height == 0


def test_a_target_that_is_not_replaced_is_rejected_and_an_unmet_key_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    logs = targets(tmp_path, [1.0, 2.5, None, 4.0, 7.0], LIKED, {"kind": "click"})
    assert logs.interactions["target"].to_list() == [0, 1]
    assert logs.rejects.select("line", "column", "reason").rows() == [
        (3, "target", UNCOVERED),
        (4, "target", "blank"),
        (6, "target", UNCOVERED),
    ]
    assert count(logs, "ratings.csv").unmet == {"target": ["2", "3", "5"]}
    with caplog.at_level("INFO"):
        logs.report.write_to(logging.getLogger())
    assert "ratings.csv: target: replace: no row has 2, 3, 5" in caplog.messages


def test_a_replacement_that_only_blanks_covers_no_target(tmp_path: Path) -> None:
    logs = targets(tmp_path, [-1.0, 3.0], {-1: ""}, {"kind": "rating", "scale": [1, 5]})
    assert logs.interactions["target"].to_list() == [3]
    assert logs.rejects["reason"].to_list() == ["blank"]


def test_blank_numbers_and_listed_ones_are_met_as_numbers(tmp_path: Path) -> None:
    lines = ["user,sex,age", "1,1.0,20", "2,2,-1.0", "3,01,99", "4,-1,5", "5,,3"]
    sex = {"kind": "categorical", "values": [1, 2], "missing": "unknown"}
    logs = clean_shop(
        tmp_path,
        {"users.csv": lines},
        users={"file": "users.csv", "blank": [-1]},
        user_features={**SHOP["user_features"], "sex": sex},
    )
    assert logs.users["sex"].to_list() == ["1", "2", None, None, None]
    assert logs.users["age"].to_list() == [
        *("below 30", None, "30 and above", "below 30", "below 30")
    ]
    assert logs.report.user_values[0].problems == {"blank": 2, "not one of 1, 2": 1}


def test_every_setting_with_an_unmet_key_is_told(tmp_path: Path) -> None:
    logs = clean_shop(
        tmp_path,
        users={
            "file": "users.csv",
            "user": {"column": "user", "replace": {"1.0": "1", 9: 8}},
            "filters": [{"column": "age", "replace": {20: 20, 21: 21}}],
        },
        user_features={
            "sex": {
                "kind": "categorical",
                "case": "lower",
                "replace": {"f": "F", "m": "M", "M": "x"},
            },
            "age": {"kind": "numeric", "replace": {20: "", 50: ""}, "missing": "unknown"},
        },
        item_features={
            "tags": {"kind": "multi-valued", "separator": "|", "replace": {"x": "z", "w": "v"}}
        },
    )
    assert count(logs, "users.csv").unmet == {
        "user": ["9"],
        "sex": ["M"],
        "age": ["50"],
        "filters.0": ["21"],
    }
    assert count(logs, "items.csv").unmet == {"tags": ["w"]}
    assert logs.items["tags"].to_list() == [["z", "y"], ["y"]]


def test_events_are_counted_by_numbers(tmp_path: Path) -> None:
    events = {"file": "events.csv", "by": {"year": "year"}, "event": "kind"}
    logs = clean_shop(
        tmp_path,
        {"events.csv": ["user,year,kind", "1,1999,1.0", "1,1999,4", "1,1999,3.0"]},
        events={**events, "hits": [4], "trials": [1, 3]},
        item_features={
            **SHOP["item_features"],
            "rate": {"kind": "numeric", "rate": "events"},
        },
    )
    assert logs.events.rows() == [("1", "1999", 3, 1, 2)]
