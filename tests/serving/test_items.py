"""Requests are read as the logs were: names of items and categories, however they are written."""

from pathlib import Path

import polars as pl
import pytest

from pipeline_lib.serving.bundle import ItemNames, Profile, write_bundle
from pipeline_lib.serving.items import ItemFinder
from pipeline_lib.serving.profiles import ProfileReader
from pipeline_lib.serving.recommender import load_recommender
from pipeline_lib.serving.requests import RequestError, UserRequest
from pipeline_lib.settings.columns import Column
from pipeline_lib.settings.load import read_dataset
from tests.conftest import load_dataset
from tests.serving.small_bundle import bundle_files
from tests.workflow.small_project import SmallProject


def test_an_isbn_is_known_however_it_is_written(config: Path) -> None:
    column = read_dataset(config / "datasets", "bookcrossing").interactions.item
    finder = ItemFinder(["0140620338", "090119090X"], [ItemNames(column=column, blank=("NULL",))])
    names = ["090119090X", "090119090x", "0-901190-90-X", " 090119090X ", "0140620338"]
    assert [finder.find(names)[name] for name in names] == [1, 1, 1, 1, 0]
    unknown = ["", "NULL", "0901190909", "x"]
    assert not [name for name in unknown if name in finder.find([*names, *unknown])]


def test_a_name_is_known_as_it_stands_before_it_is_cleaned() -> None:
    swap = Column.model_validate({"replace": {"a": "b", "b": "a", 1: "a"}})
    shop = Column.model_validate({"extract": "^sku-(.*)$"})
    readings = [ItemNames(column=swap, blank=()), ItemNames(column=shop, blank=())]
    finder = ItemFinder(["a", "b"], readings)
    found = finder.find(["a", "b", "1.0", "sku-b", "sku-c"])
    assert dict(found) == {"a": 0, "b": 1, "1.0": 0, "sku-b": 1}
    assert finder.find(["a"]) == {"a": 0, "b": 1}


def test_names_that_cleaning_makes_one_are_one_item(run: SmallProject, tmp_path: Path) -> None:
    settings = load_dataset("movielens", run.folder / "config").log_settings()
    settings["interactions"]["item"]["remove"] = "^m-"
    write_bundle(bundle_files(run, "paml/seed-0"), settings, tmp_path / "bundle")
    recommender = load_recommender(tmp_path / "bundle")

    def ask(support: str, *candidates: str) -> pl.DataFrame:
        request = UserRequest("new", {}, [(support, 5.0)], candidates or None)
        return recommender.recommend([request])

    plain, written = ask("1", "2", "3"), ask("m-1", "m-2", "m-3")
    assert written.drop("item").equals(plain.drop("item"))
    assert written["item"].to_list() == [f"m-{item}" for item in plain["item"]]
    assert ask("m-1").equals(ask("1"))
    with pytest.raises(RequestError, match="item '2' twice among the candidates, once as 'm-2'"):
        ask("1", "m-2", "2")


def test_a_number_is_the_category_that_training_met() -> None:
    features = {name: {"kind": "categorical"} for name in ("level", "zip")}
    profile = Profile.model_validate({"features": features, "blank": [], "items": [], "target": {}})
    reader = ProfileReader(profile, {"level": ["1.0", "2.0"], "zip": ["02139"]})
    rows = [{"level": "1", "zip": "02139"}, {"level": "2.0", "zip": "2139"}]
    codes, _, notes = reader.read(rows)
    assert codes.tolist() == [[1, 3], [2, 0]]
    assert notes == [[], ["zip '2139' was not met in training: taken as unknown"]]


def test_several_values_and_flags_of_a_profile_are_read() -> None:
    features = {
        "likes": {"kind": "multi-valued", "separator": "|"},
        "owns": {"kind": "multi-valued", "flags": ["car", "bike"]},
    }
    others: dict[str, object] = {"items": [], "target": {}}
    profile = Profile.model_validate({"features": features, "blank": ["-"], **others})
    reader = ProfileReader(profile, {"likes": ["1.0", "pop"], "owns": ["bike", "car"]})
    assert reader.columns == ["likes", "car", "bike"]
    rows = [{"likes": "pop|jazz|1", "car": "1", "bike": "1"}, {"likes": "-", "car": "0"}]
    codes, weights, notes = reader.read(rows)
    assert codes.tolist() == [[2, 4, 1, 3], [0, 0, 0, 0]]
    assert weights.tolist() == [[0.5] * 4, [0] * 4]
    assert notes == [
        ["likes 'jazz' was not met in training: taken as unknown"],
        ["likes is blank: taken as unknown", "owns is blank: taken as unknown"],
    ]
