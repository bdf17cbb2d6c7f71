"""Write the clean tables of a log that one job or many shards have cleaned."""

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
    """The paths of the clean tables (see `pipeline_lib.schemas.clean`)."""

    users: Path
    item_table: Path
    interactions: Path
    events: Path
    rejects: Path
    report: Path


@dataclass(frozen=True)
class CleanLog:
    """A log's clean tables and its rejects, in their order.

    interactions and rejects have the column `place` too. joined_lines: of the files of items, by
    role. report: of the users' files.
    """

    users: pl.LazyFrame
    items: Items
    joined_lines: Mapping[str, int]
    interactions: pl.LazyFrame
    interactions_schema: pa.DataFrameSchema
    events: pl.LazyFrame
    events_schema: pa.DataFrameSchema
    rejects: pl.LazyFrame
    report: UserReport

    @property
    def files(self) -> dict[str, FileCount]:
        """Return the counts of each file's rows, by role."""
        return self.report.files | {role: f.count for role, f in self.items.files.items()}


def write_log(
    clean: CleanLog, paths: Mapping[str, Path], log: LogSettings, out: CleanFiles
) -> CleaningReport:
    """Write all tables and the report; return the report.

    paths: of the raw files, by role. Raises RawFileError when no row of a file is kept.
    """
    for number, role in enumerate(log.tables()):
        if role in clean.files:
            own = clean.rejects.filter(pl.col("place") // TABLE == number)
            check_kept(paths[role], clean.files[role], own)
    features = clean.items.features
    catalogue = clean.items.rows.select("item", *features).sort("item")
    write_large_table(clean.users, users(log.user_features), out.users)
    write_table(catalogue, items(features), out.item_table)
    write_large_table(clean.interactions.drop("place"), clean.interactions_schema, out.interactions)
    write_large_table(clean.events, clean.events_schema, out.events)
    write_large_table(clean.rejects.drop("place"), REJECTS, out.rejects)
    report = _report(clean, log)
    write_json(report, out.report)
    return report


def _report(clean: CleanLog, log: LogSettings) -> CleaningReport:
    own, found, files = clean.report, clean.items, clean.files
    joined = {**own.joined_lines, **clean.joined_lines}
    tables = log.tables()
    return CleaningReport(
        item_features=[f for f in log.item_features if f not in found.left_out],
        features_left_out=found.left_out,
        files=[files[role] for role in tables if role in files],
        joined_lines={tables[role].file: joined[role] for role in tables if joined.get(role)},
        user_values=own.user_values,
        item_values=count_features(found.rows, found.features),
        users=files["users"].kept,
        sound_users=own.sound_users,
        items=found.rows.height,
        items_without_row=found.unlisted,
        interactions=files["interactions"].kept,
    )
