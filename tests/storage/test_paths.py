"""A path is a path: folders whose names are patterns, beside the folders that these match."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from pipeline_lib.data.clean.clean import clean
from pipeline_lib.data.raw.table import open_table
from pipeline_lib.schemas.split import TRAIN_USERS
from pipeline_lib.serving.command import read_csv
from pipeline_lib.settings.log import LogSettings
from pipeline_lib.settings.tables import Table
from pipeline_lib.storage.tables import (
    read_rows,
    read_table,
    scan_table,
    write_large_table,
    write_table,
)
from tests.data.shop import FILES, SHOP

ODD = ("raw [12]", "[!r]aw", "a*b", "a?b", "**", "{x}", "{raw 1,raw 2}", "a b", "%20", "k=v")
BESIDE = ("raw 1", "raw 2", "x", "ab", "aab")
EVERY = pl.lit(value=True)
CSV, PARQUET = (Table.model_validate({"file": f"t.{suffix}"}) for suffix in ("csv", "parquet"))


def both(path: Path, table: Table) -> pl.DataFrame:
    return open_table(path, table, path.parent).rows.select(user="raw_user").collect()


READERS: dict[str, Callable[[Path], pl.DataFrame]] = {
    "read_table": lambda folder: read_table(folder / "t.parquet", TRAIN_USERS),
    "read_rows": lambda folder: read_rows(folder / "t.parquet", TRAIN_USERS, EVERY),
    "scan_table": lambda folder: scan_table(folder / "t.parquet", TRAIN_USERS).collect(),
    "raw text": lambda folder: both(folder / "t.csv", CSV),
    "raw Parquet": lambda folder: both(folder / "t.parquet", PARQUET),
    "serving": lambda folder: read_csv(folder / "t.csv", ["user"]),
}


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    """Folders with a table of one user each, who has the folder's name."""
    for name in (*ODD, *BESIDE):
        (folder := tmp_path / name).mkdir()
        own = pl.DataFrame({"user": [name]})
        write_table(own, TRAIN_USERS, folder / "t.parquet")
        (folder / "t.csv").write_text(f'user\n"{name}"\n', encoding="utf-8")
    return [tmp_path / name for name in ODD]


@pytest.mark.parametrize("reader", READERS)
def test_every_reader_reads_the_file_that_it_was_given(reader: str, folders: list[Path]) -> None:
    for folder in folders:
        assert READERS[reader](folder)["user"].to_list() == [folder.name], folder.name


def test_large_tables_are_written_and_checked_where_they_should_be(folders: list[Path]) -> None:
    for folder in folders:
        write_large_table(pl.LazyFrame({"user": ["new"]}), TRAIN_USERS, folder / "new.parquet")
        assert {path.name for path in folder.iterdir()} == {"t.parquet", "t.csv", "new.parquet"}


def test_a_log_is_cleaned_in_folders_of_any_name(tmp_path: Path) -> None:
    """The rows of a user come twice, so that the scratch file of repeats is read, too."""
    log = LogSettings.model_validate(SHOP)
    names = ("users", "item_table", "interactions", "events", "rejects", "report")
    for name in ("raw [12]", "raw 1", "a*b", "{x}"):
        folder = tmp_path / name
        files = {role: folder / "raw" / table.file for role, table in log.tables().items()}
        (folder / "raw").mkdir(parents=True)
        own = {**FILES, "ratings.csv": [*FILES["ratings.csv"], "1,a,4", f'"{name}",a,1']}
        for file, lines in own.items():
            (folder / "raw" / file).write_text("\n".join(lines), encoding="utf-8")
        clean(files, log, {n: folder / n for n in names})
        rejects = pl.read_parquet(folder / "rejects", glob=False)
        assert rejects["text"].to_list() == [f'"{name}",a,1', "1,a,4"]
