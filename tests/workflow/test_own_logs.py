"""docs/your-own-logs.md, followed to the letter, gives what it shows."""

import re
from pathlib import Path

import pytest
import yaml
from mlflow import MlflowClient
from pydantic import BaseModel

from pipeline_lib.settings.columns import Column, Target, Time
from pipeline_lib.settings.dataset import Dataset
from pipeline_lib.settings.features import Bucketed, Categorical, MultiValued, Numeric
from pipeline_lib.settings.load import read_dataset
from pipeline_lib.settings.partition import Partition
from pipeline_lib.settings.tables import EventTable, InteractionTable, ItemTable, UserTable
from pipeline_lib.settings.task import ClickTask, RatingTask
from tests.workflow.page import missing, steps
from tests.workflow.small_project import ROOT

PAGE = "your-own-logs.md"
SECTIONS: dict[str, list[type[BaseModel]]] = {
    "The dataset": [Dataset],
    "A task": [RatingTask, ClickTask],
    "A file": [UserTable, ItemTable, InteractionTable, EventTable],
    "A column": [Target],
    "A time": [Time],
    "A feature": [Categorical, Bucketed, MultiValued, Numeric],
    "The partition": [Partition],
}


def test_the_logs_and_the_settings_are_as_shown(folder: Path) -> None:
    done = 0
    for step in steps(PAGE):
        if "snakemake" not in step.text and "results/" not in step.text:
            assert missing(step.shown, step.do(folder)) == []
            done += 1
    assert done == 7
    ratings_and_movies = read_dataset(folder / "config/datasets", "ml-latest-small")
    assert [*ratings_and_movies.tables()] == ["items_1", "interactions"]
    for name in ("shop", "shop-liked", "shop-bought"):
        dataset = read_dataset(folder / "config/datasets", name)
        for table in dataset.tables().values():
            assert (folder / "mylogs/shop" / table.file).is_file()
    assert not (folder / "results").exists()


@pytest.mark.slow
def test_every_step_gives_what_the_page_shows(folder: Path) -> None:
    for step in steps(PAGE):
        printed = step.do(folder)
        assert missing(step.shown, printed) == [], printed
    named = re.findall(r"^\| `([\w./]+\.(?:log|json|parquet|html))` \|", text(), re.MULTILINE)
    assert len(named) == 5
    assert [name for name in named if not (folder / "results/shop/shop" / name).is_file()] == []
    client = MlflowClient(f"sqlite:///{folder}/results/mlflow/mlflow.db")
    stored = {experiment.name for experiment in client.search_experiments()}
    assert stored == {"Default", "shop/shop", "shop/shop-liked"}


def text() -> str:
    return (ROOT / "docs" / PAGE).read_text(encoding="utf-8")


def table(section: str) -> dict[str, str]:
    """Read a table of keys: each one's default as it is written."""
    body = re.split(r"^##+ ", text().split(f"\n### {section}\n")[1], flags=re.MULTILINE)[0]
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|([^|]*)\|", body, re.MULTILINE)
    return {key: default.strip() for keys, default in rows for key in re.findall(r"\w+", keys)}


def fields(section: str) -> dict[str, list[object]]:
    """List the defaults that the models of a section give each key; `...` where required."""
    found: dict[str, list[object]] = {}
    for model in SECTIONS[section]:
        for name, field in model.model_fields.items():
            shared = section in {"A feature", "A time"} and name in Column.model_fields
            if not shared:
                default = ... if field.is_required() else field.default
                found.setdefault(name, []).append(default)
    return found


@pytest.mark.parametrize("section", SECTIONS)
def test_the_page_has_every_key(section: str) -> None:
    own = {"extends"} if section == "The dataset" else set()
    assert set(table(section)) == set(fields(section)) | own


@pytest.mark.parametrize("section", SECTIONS)
def test_the_page_has_every_default(section: str) -> None:
    written = table(section)
    for key, defaults in fields(section).items():
        for default in defaults:
            if default is ... or (section, key) == ("A task", "kind"):
                assert written[key] == "", key
            elif written[key].startswith("`"):
                assert yaml.safe_load(written[key].strip("`")) == plain(default), key
            else:
                assert written[key], key
                assert default is None or isinstance(default, Partition), key


def plain(default: object) -> object:
    if isinstance(default, Column):
        return default.column
    if isinstance(default, BaseModel):
        return default.model_dump()
    return list(default) if isinstance(default, tuple) else default
