"""What a look at raw files finds, and that its YAML loads and runs."""

import sys
from pathlib import Path

import polars as pl
import pytest

from pipeline_lib.__main__ import _main
from pipeline_lib.data.clean.clean import clean
from pipeline_lib.data.inspect.describe import describe_files
from pipeline_lib.partition.split import partition
from pipeline_lib.settings.dataset import Dataset
from pipeline_lib.settings.features import MultiValued
from pipeline_lib.settings.load import read_dataset
from tests.data.inspect.logs import LOGS, write
from tests.workflow.small_project import copy_project


def described(folder: Path, paths: list[Path]) -> tuple[str, Dataset]:
    """The YAML of files, and the dataset that it is when it is saved."""
    text = describe_files(paths)
    (folder / "found.yaml").write_text(text, encoding="utf-8")
    return text, read_dataset(folder, "found")


def test_ratings_and_movies_are_found(tmp_path: Path) -> None:
    text, data = described(tmp_path, LOGS["ratings-and-movies"](tmp_path / "ml"))
    assert "task: {kind: rating, scale: [0.5, 5], step: 0.5} # unsure: the lowest and" in text
    assert [*data.tables()] == ["items_1", "interactions"]
    table = data.interactions
    keys = (table.user.column, table.item.column, table.target.column)
    assert keys == ("userId", "movieId", "rating")
    assert table.time is not None
    assert (table.time.column, table.time.unit) == ("timestamp", "seconds")
    assert (data.items[0].file, data.items[0].item.column) == ("movies.csv", "movieId")
    assert {n: f.kind for n, f in data.item_features.items()} == {"genres": "multi-valued"}
    assert "# title: categorical # left out: 100 % of the values are different" in text
    assert data.folder == "ml"


def test_play_counts_are_found(tmp_path: Path) -> None:
    text, data = described(tmp_path, LOGS["play-counts"](tmp_path / "plays"))
    assert "scale: [0, 12]} # unsure: " in text
    assert "1 to 159,993 found in 1,180" in text
    table = data.interactions
    keys = (table.user.column, table.item.column, table.target.column)
    assert keys == ("user.id", "track.id", "plays")
    assert (table.target.transform, table.repeats) == ("log1p", "sum")
    assert table.time is not None
    assert (table.time.column, table.time.unit) == ("ts", "iso")


def test_half_stars_and_flags_are_found(tmp_path: Path) -> None:
    text, data = described(tmp_path, LOGS["half-stars-and-flags"](tmp_path / "films"))
    assert "step: 0.5" in text
    assert {table.splits_at for table in data.tables().values()} == {";"}
    assert [table.file for table in data.tables().values()] == [
        *("people.txt", "films.txt", "grades.txt"),
    ]
    assert {n: f.kind for n, f in data.user_features.items()} == {
        "sex": "categorical",
        "age": "numeric",
        "job": "categorical",
    }
    assert data.user_features["job"].missing == "unknown"
    (flags,) = data.item_features.values()
    assert isinstance(flags, MultiValued)
    assert flags.flags == ("action", "drama", "horror")
    assert data.partition.major_features == 2


@pytest.mark.parametrize("name", LOGS)
def test_what_is_found_cleans_and_splits(tmp_path: Path, name: str) -> None:
    """Nothing is rejected but rows that repeat a user and an item."""
    paths = LOGS[name](tmp_path / "raw")
    _, data = described(tmp_path, paths)
    names = ("users", "item_table", "interactions", "events", "rejects", "report")
    out = {n: tmp_path / "clean" / n for n in names}
    (tmp_path / "clean").mkdir()
    report = clean(data.raw_files(paths), data, out)
    assert all(count.read == count.kept + count.rejected for count in report.files)
    reasons = {reason for count in report.files for reason in count.reasons}
    assert all("of this user and item" in reason for reason in reasons), reasons
    users = pl.read_parquet(out["users"])
    rows = pl.scan_parquet(out["interactions"])
    split = partition(users, rows, data.grouping(), data.partition, 0)
    assert split.users.height > 50


def test_files_without_names_bytes_above_127_and_clicks_are_found(tmp_path: Path) -> None:
    write(tmp_path, {"a.log": [f"u{n % 9}\t\xe9{n % 7}\t{n}.5" for n in range(99)]})
    (tmp_path / "a.log").write_bytes((tmp_path / "a.log").read_text("utf-8").encode("latin-1"))
    text, data = described(tmp_path, [tmp_path / "a.log"])
    assert "encoding: latin-1 # unsure: a guess" in text
    assert "columns: [column_1, column_2, column_3] # unsure: the file has no line of names" in text
    assert "user: column_1 # unsure: a guess, the first of column_1, column_2" in text
    assert data.interactions.item.column == "column_2"
    lines = ["shopper,sku", *(f"s{n % 9},{n % 7}" for n in range(50))]
    write(tmp_path, {"b.csv": lines})
    text, data = described(tmp_path, [tmp_path / "b.csv"])
    assert "target: {constant: 1} # unsure: no column is like a rating" in text
    assert data.partition.negatives is not None
    events = [
        "user,product,event",
        *(f"u{n % 9},{n % 7},{('view', 'buy')[n % 2]}" for n in range(50)),
    ]
    write(tmp_path, {"c.csv": events})
    text, data = described(tmp_path, [tmp_path / "c.csv"])
    assert data.interactions.target.clicks == ("buy",)
    assert "# unsure: which of buy, view are clicks?" in text


def test_the_command_prints_it_or_says_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = LOGS["ratings-and-movies"](tmp_path / "ml")
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, getattr(sys, name))  # put back afterwards

    def inspect(*files: Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["", "inspect", *map(str, files)])
        return _main(), *capsys.readouterr()

    assert inspect(*paths) == (0, describe_files(paths), "")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    code, _, said = inspect(*paths, tmp_path / "other.csv")
    assert (code, "lie in one folder" in said) == (2, True)
    code, _, said = inspect(tmp_path / "none.csv")
    assert (code, "none.csv does not exist" in said) == (2, True)


@pytest.mark.slow
def test_from_a_look_to_a_table(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    for name, make in LOGS.items():
        text = describe_files(make(project.folder / "mylogs" / name))
        (project.folder / f"config/datasets/{name}.yaml").write_text(text, encoding="utf-8")
    settings = {"raw_dir": "mylogs", "datasets": [*LOGS], "methods": ["paml"]}
    override = {"paml": {"epochs": 1}}
    project.edit(
        "config/config.yaml", name="own", logs="real", seeds=[0], override=override, **settings
    )
    tables = [f"results/own/{name}/tables/table3.md" for name in LOGS]
    done = project.snakemake(*tables)
    assert done.returncode == 0, done.stdout + done.stderr
    for table in tables:
        text = (project.folder / table).read_text(encoding="utf-8")
        assert "| PAML " in text
        assert "nan" not in text.lower()
