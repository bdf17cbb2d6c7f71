"""The real raw logs, where they are at hand: cleaned, and split as delivered."""

import os
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest
import yaml

from pipeline_lib.partition.split import Split, partition
from pipeline_lib.settings.dataset import Dataset
from pipeline_lib.settings.load import load_settings
from tests.conftest import Cleaned, clean_folder


@dataclass(frozen=True)
class RealLog:
    """A dataset as delivered, and what its raw files hold."""

    dataset: Dataset
    folder: Path
    clean: Cleaned

    def split(self, **changes: object) -> Split:
        """Partition it by its rules, or by changed ones."""
        rules = self.dataset.partition.model_copy(update=changes)
        rows = self.clean.interactions.lazy()
        return partition(self.clean.users, rows, self.dataset.grouping(), rules, 0)

    def files(self) -> list[str]:
        """Render the count of each raw file."""
        return [str(count) for count in self.clean.report.files]

    def features(self) -> list[str]:
        """Render the count of each user feature and item feature."""
        report = self.clean.report
        return [str(count) for count in (*report.user_values, *report.item_values)]


def read_real_log(name: str, config: Path, out: Path) -> RealLog:
    """Clean a real log below PIPELINE_RAW_DIR; skip the test where that, or a file, is missing."""
    raw_dir = os.environ.get("PIPELINE_RAW_DIR")
    if raw_dir is None:
        pytest.skip("PIPELINE_RAW_DIR does not name a folder with the real logs")
    run = yaml.safe_load((config / "config.yaml").read_text(encoding="utf-8"))
    dataset = load_settings({**run, "datasets": [name]}, config).datasets[name]
    folder = Path(raw_dir) / dataset.folder
    wanted = [t.file for t in dataset.tables().values() if t.presence == "required"]
    if missing := [file for file in wanted if not (folder / file).is_file()]:
        pytest.skip(f"{folder} lacks {', '.join(missing)}")
    return RealLog(dataset, folder, clean_folder(folder, dataset, out))


def row_counts(split: Split) -> pl.DataFrame:
    """Count each kept user's rows, and those that it is judged on: `user`, `rows`, `query`."""
    query = (pl.col("part") == "query").sum()
    return split.interactions.group_by("user").agg(pl.len().alias("rows"), query.alias("query"))
