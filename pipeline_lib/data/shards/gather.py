"""Make a log's clean tables of its shards'."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pandera.polars as pa
import polars as pl

from pipeline_lib.data.items import read_items, with_unlisted
from pipeline_lib.data.order import in_order
from pipeline_lib.data.report import CleaningReport, UserReport
from pipeline_lib.data.shards.clean import open_items
from pipeline_lib.data.shards.files import ShardFiles, ShardTables
from pipeline_lib.data.shards.merge import merged
from pipeline_lib.data.shards.sums import sum_reports
from pipeline_lib.data.whole import CleanFiles, WholeLog, write_log
from pipeline_lib.schemas.clean import events, interactions
from pipeline_lib.schemas.columns import table
from pipeline_lib.settings.dataset import LogSettings
from pipeline_lib.storage import read_json, scan_table


def gather_clean(
    shards: Sequence[Path], files: Mapping[str, Path], log: LogSettings, out: CleanFiles
) -> CleaningReport:
    """Write what `pipeline_lib.data.clean.clean` writes, to the byte; only items are held.

    shards: the folders of all. files: raw files by role. Raises RawFileError when a file is not
    what it should be.
    """
    with TemporaryDirectory(dir=out.users.parent, prefix=".clean-") as folder:
        whole = _gather([ShardFiles.within(s) for s in shards], files, log, Path(folder))
        return write_log(whole, files, log, out)


def _gather(
    shards: Sequence[ShardFiles], files: Mapping[str, Path], log: LogSettings, scratch: Path
) -> WholeLog:
    raw = open_items(files, log, scratch)
    things = read_items(raw, log, events="events" in files)
    found = _Found.scan(shards, ShardTables.of(log))
    reports = [read_json(shard.report, UserReport) for shard in shards]
    return WholeLog(
        users=merged(found.users, "user"),
        items=with_unlisted(things, pl.concat(found.interactions)),
        joined_lines={role: table.joined for role, table in raw.items()},
        interactions=merged(found.interactions, "place"),
        rows=_unkeyed(interactions(log.task.scale)),
        events=merged(found.events, "user"),
        counts=_unkeyed(events(log.event_groups)),
        rejects=merged([*found.rejects, in_order(things.rejects, log.tables())], "place"),
        report=sum_reports(reports, pl.concat(found.users)),
    )


@dataclass(frozen=True)
class _Found:
    """The tables of all shards."""

    users: list[pl.LazyFrame]
    interactions: list[pl.LazyFrame]
    events: list[pl.LazyFrame]
    rejects: list[pl.LazyFrame]

    @classmethod
    def scan(cls, shards: Sequence[ShardFiles], tables: ShardTables) -> "_Found":
        """Check and scan the tables that shards wrote."""
        return cls(
            [scan_table(shard.users, tables.users) for shard in shards],
            [scan_table(shard.interactions, tables.interactions) for shard in shards],
            [scan_table(shard.events, tables.events) for shard in shards],
            [scan_table(shard.rejects, tables.rejects) for shard in shards],
        )


def _unkeyed(schema: pa.DataFrameSchema) -> pa.DataFrameSchema:
    """Leave out that rows are unique: a user is in one shard, and each was found to be so."""
    return table(schema.columns)
