"""Clean raw logs into users, items, interactions and events; every other row is a reject."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pandera.polars as pa
import polars as pl

from pipeline_lib.data.clean.items import Items, read_items, with_unlisted
from pipeline_lib.data.clean.profiles import count_features
from pipeline_lib.data.clean.report import CleaningReport, FileCount, UserReport, check_kept
from pipeline_lib.data.clean.user_logs import read_user_logs
from pipeline_lib.data.raw.places import TABLE, in_order
from pipeline_lib.data.raw.table import RawTable, open_table
from pipeline_lib.schemas.clean import REJECTS, events, interactions, items, users
from pipeline_lib.settings.log import LogSettings
from pipeline_lib.storage.tables import write_json, write_large_table, write_table


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


def clean(files: Mapping[str, Path], log: LogSettings, out: Mapping[str, Path]) -> CleaningReport:
    """Write the rows that are complete, unique, valid by the settings and refer to known rows.

    files: by role, as `LogSettings.tables` lists them; an optional one may be missing. A user
    with a blank or wrong feature is kept, with the reason in `problem`: the partition decides
    whom to drop. out: the paths of `users`, `item_table`, `interactions`, `events`, `rejects` (see
    `pipeline_lib.schemas.clean`) and `report`. Raises RawFileError when a file is not what it
    should be.
    """
    with TemporaryDirectory(dir=out["users"].parent, prefix=".clean-") as folder:
        scratch, tables = Path(folder), log.tables()
        raw = {role: open_table(path, tables[role], scratch) for role, path in files.items()}
        return write_log(_read(raw, log, scratch), files, log, out)


def _read(raw: Mapping[str, RawTable], log: LogSettings, scratch: Path) -> CleanLog:
    listed = read_items(raw, log, events="events" in raw)
    own = read_user_logs(raw, log, listed.rows["item"], scratch)
    rows = own.streamed["interactions"].rows
    return CleanLog(
        users=own.user_table(log).lazy(),
        items=with_unlisted(listed, rows),
        joined_lines={role: raw[role].joined for role in listed.files},
        interactions=rows,
        interactions_schema=interactions(log.task.scale, timed=log.timed),
        events=own.event_table(log),
        events_schema=events(log.event_groups),
        rejects=in_order(own.rejects | listed.rejects, log.tables()),
        report=own.report(raw, log),
    )


def write_log(
    clean: CleanLog, paths: Mapping[str, Path], log: LogSettings, out: Mapping[str, Path]
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
    write_large_table(clean.users, users(log.user_features), out["users"])
    write_table(catalogue, items(features), out["item_table"])
    write_large_table(
        clean.interactions.drop("place"), clean.interactions_schema, out["interactions"]
    )
    write_large_table(clean.events, clean.events_schema, out["events"])
    write_large_table(clean.rejects.drop("place"), REJECTS, out["rejects"])
    report = _report(clean, log)
    write_json(report, out["report"])
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
        users=own.users,
        sound_users=own.sound_users,
        items=found.rows.height,
        items_without_row=found.unlisted if log.items else 0,
        interactions=files["interactions"].kept,
    )
