"""Clean one shard of a log: the rows of its users."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from pipeline_lib.data.clean.items import read_items
from pipeline_lib.data.clean.report import UserReport
from pipeline_lib.data.clean.user_logs import read_user_logs
from pipeline_lib.data.raw.places import in_order
from pipeline_lib.data.raw.table import RawTable, open_table
from pipeline_lib.data.shards.shard import Shard, shard_tables
from pipeline_lib.settings.log import LogSettings
from pipeline_lib.storage.tables import write_json, write_large_table


def listed_items(files: Mapping[str, Path], log: LogSettings, scratch: Path) -> pl.DataFrame:
    """Return the items that the raw files list: `item`.

    files: raw files by role. scratch: a folder for copies in UTF-8. Raises RawFileError when a
    file of items is not what it should be.
    """
    raw = open_items(files, log, scratch)
    return read_items(raw, log, events="events" in files).rows.select("item")


def open_items(files: Mapping[str, Path], log: LogSettings, scratch: Path) -> dict[str, RawTable]:
    """Return the opened files of items, by role."""
    tables = log.tables()
    own = {role: path for role, path in files.items() if role.startswith("items_")}
    return {role: open_table(path, tables[role], scratch) for role, path in own.items()}


def clean_shard(
    files: Mapping[str, Path], log: LogSettings, items: pl.Series, shard: Shard, folder: Path
) -> UserReport:
    """Clean the rows of a shard's users as `pipeline_lib.data.clean.clean.clean` cleans all.

    files: raw files by role. items: the names of those listed. folder: for the tables of
    `shard_tables` and the report. Raises RawFileError when a file is not what it should be.
    """
    with TemporaryDirectory(dir=folder, prefix=".clean-") as scratch:
        raw = _open(files, log, shard, Path(scratch))
        own = read_user_logs(raw, log, items, Path(scratch))
        rows = {
            "users": own.user_table(log).lazy(),
            "interactions": own.streamed["interactions"].rows,
            "events": own.event_table(log),
            "rejects": in_order(own.rejects, log.tables()),
        }
        for name, schema in shard_tables(log).items():
            write_large_table(rows[name], schema, folder / f"{name}.parquet")
        report = own.report(raw, log)
    write_json(report, folder / "report.json")
    return report


def _open(
    files: Mapping[str, Path], log: LogSettings, shard: Shard, scratch: Path
) -> dict[str, RawTable]:
    tables = {**log.user_tables(), "interactions": log.interactions, "events": log.events}
    return {
        role: shard.rows(open_table(files[role], table, scratch), table, table.user)
        for role, table in tables.items()
        if table and role in files
    }
