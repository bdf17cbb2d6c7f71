"""The clean, partitioned tables that are encoded."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipeline_lib.data.clean.report import CleaningReport
from pipeline_lib.schemas.clean import events, items, users
from pipeline_lib.schemas.split import SPLIT_USERS, split_rows
from pipeline_lib.settings.dataset import LogSettings
from pipeline_lib.settings.features import AnyFeature
from pipeline_lib.storage.tables import read_json, read_table, scan_table


@dataclass(frozen=True)
class CleanTables:
    """The clean users, items and events, and the split's users and rows, to be encoded."""

    users: pl.DataFrame
    items: pl.DataFrame
    events: pl.LazyFrame
    split_users: pl.DataFrame
    rows: pl.LazyFrame

    @property
    def profiles(self) -> pl.DataFrame:
        """Return `user` and a column a feature."""
        return self.users.drop("problem")


@dataclass(frozen=True)
class TableFiles:
    """The paths of these tables, and of the report of the cleaning."""

    users: Path
    item_table: Path
    events: Path
    report: Path
    split_users: Path
    rows: Path

    def read(self, log: LogSettings) -> tuple[CleanTables, dict[str, AnyFeature]]:
        """Read and check the tables; return them and the features that the items have."""
        names = read_json(self.report, CleaningReport).item_features
        tables = CleanTables(
            users=read_table(self.users, users(log.user_features)),
            items=read_table(self.item_table, items(log.read_features(names))),
            events=scan_table(self.events, events(log.event_groups)),
            split_users=read_table(self.split_users, SPLIT_USERS),
            rows=scan_table(self.rows, split_rows(log.task.scale)),
        )
        return tables, {name: log.item_features[name] for name in names}
