"""The clean, partitioned tables that are encoded."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipeline_lib.data.clean.report import CleaningReport
from pipeline_lib.schemas.clean import events, items, users
from pipeline_lib.schemas.split import SPLIT_USERS, split_rows
from pipeline_lib.settings.features import AnyFeature
from pipeline_lib.settings.log import LogSettings
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


def read_tables(
    files: Mapping[str, Path], log: LogSettings
) -> tuple[CleanTables, dict[str, AnyFeature]]:
    """Read and check the tables; return them and the features that the items have.

    files: `users`, `item_table`, `events` and `report` of a cleaning, `split_users` and `rows`.
    """
    names = read_json(files["report"], CleaningReport).item_features
    tables = CleanTables(
        users=read_table(files["users"], users(log.user_features)),
        items=read_table(files["item_table"], items(log.read_features(names))),
        events=scan_table(files["events"], events(log.event_groups)),
        split_users=read_table(files["split_users"], SPLIT_USERS),
        rows=scan_table(files["rows"], split_rows(log.task.scale)),
    )
    return tables, {name: log.item_features[name] for name in names}
