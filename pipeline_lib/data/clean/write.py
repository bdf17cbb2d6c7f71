"""Write the clean tables of a whole log, whether it was cleaned by one job or in shards."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandera.polars as pa
import polars as pl

from pipeline_lib.data.clean.items import Items
from pipeline_lib.data.clean.profiles import count_features
from pipeline_lib.data.clean.report import CleaningReport, FileCount, UserReport, check_kept
from pipeline_lib.data.raw.places import TABLE
from pipeline_lib.schemas.clean import REJECTS, items, users
from pipeline_lib.settings.dataset import LogSettings
from pipeline_lib.storage.tables import write_json, write_large_table, write_table


@dataclass(frozen=True)
class CleanFiles:
    """Where the clean tables go (see `pipeline_lib.schemas.clean`)."""

    users: Path
    item_table: Path
    interactions: Path
    events: Path
    rejects: Path
    report: Path


@dataclass(frozen=True)
class WholeLog:
    """A log's clean tables in their order, and its rejects; the last have their `place` still.

    joined_lines: of the files of items, by role. rows, counts: the schemas of interactions and of
    events.
    """

    users: pl.LazyFrame
    items: Items
    joined_lines: Mapping[str, int]
    interactions: pl.LazyFrame
    rows: pa.DataFrameSchema
    events: pl.LazyFrame
    counts: pa.DataFrameSchema
    rejects: pl.LazyFrame
    report: UserReport

    @property
    def files(self) -> dict[str, FileCount]:
        """Count the rows of each file, by role."""
        return self.report.files | {role: f.count for role, f in self.items.files.items()}


def write_log(
    whole: WholeLog, paths: Mapping[str, Path], log: LogSettings, out: CleanFiles
) -> CleaningReport:
    """Write all tables and the report.

    paths: of the raw files, by role. Raises RawFileError when no row of a file was kept.
    """
    for number, role in enumerate(log.tables()):
        if role in whole.files:
            own = whole.rejects.filter(pl.col("place") // TABLE == number)
            check_kept(paths[role], whole.files[role], own)
    features = whole.items.features
    catalogue = whole.items.rows.select("item", *features).sort("item")
    write_large_table(whole.users, users(log.user_features), out.users)
    write_table(catalogue, items(features), out.item_table)
    write_large_table(whole.interactions.drop("place"), whole.rows, out.interactions)
    write_large_table(whole.events, whole.counts, out.events)
    write_large_table(whole.rejects.drop("place"), REJECTS, out.rejects)
    report = _report(whole, log)
    write_json(report, out.report)
    return report


def _report(whole: WholeLog, log: LogSettings) -> CleaningReport:
    own, things, files = whole.report, whole.items, whole.files
    joined = {**own.joined_lines, **whole.joined_lines}
    tables = log.tables()
    return CleaningReport(
        item_features=[f for f in log.item_features if f not in things.left_out],
        features_left_out=things.left_out,
        files=[files[role] for role in tables if role in files],
        joined_lines={tables[role].file: joined[role] for role in tables if joined.get(role)},
        user_values=own.user_values,
        item_values=count_features(things.rows, things.features),
        users=files["users"].kept,
        sound_users=own.sound_users,
        items=things.rows.height,
        items_without_row=things.unlisted,
        interactions=files["interactions"].kept,
    )
