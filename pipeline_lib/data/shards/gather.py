"""Gather a log's clean tables from its shards'."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from pipeline_lib.data.clean.clean import CleanLog, write_log
from pipeline_lib.data.clean.items import read_items, with_unlisted
from pipeline_lib.data.clean.report import CleaningReport, FeatureCount, FileCount, UserReport
from pipeline_lib.data.raw.places import in_order
from pipeline_lib.data.shards.clean import open_items
from pipeline_lib.data.shards.shard import shard_tables
from pipeline_lib.schemas.clean import events, interactions
from pipeline_lib.schemas.columns import table
from pipeline_lib.settings.log import LogSettings
from pipeline_lib.storage.tables import read_json, scan_table


def gather_clean(
    shards: Sequence[Path], files: Mapping[str, Path], log: LogSettings, out: Mapping[str, Path]
) -> CleaningReport:
    """Write the bytes that `pipeline_lib.data.clean.clean.clean` writes, holding only items.

    shards: all shards' folders. files: raw files by role. out: as there. Raises RawFileError when
    a file is not what it should be.
    """
    with TemporaryDirectory(dir=out["users"].parent, prefix=".clean-") as scratch:
        return write_log(_gather(shards, files, log, Path(scratch)), files, log, out)


def _gather(
    shards: Sequence[Path], files: Mapping[str, Path], log: LogSettings, scratch: Path
) -> CleanLog:
    raw = open_items(files, log, scratch)
    listed = read_items(raw, log, events="events" in files)
    found = {
        name: [scan_table(shard / f"{name}.parquet", schema) for shard in shards]
        for name, schema in shard_tables(log).items()
    }
    of_items = [in_order(listed.rejects, log.tables())] if raw else []
    reports = [read_json(shard / "report.json", UserReport) for shard in shards]
    return CleanLog(
        users=merged(found["users"], "user"),
        items=with_unlisted(listed, pl.concat(found["interactions"])),
        joined_lines={role: opened.joined for role, opened in raw.items()},
        interactions=merged(found["interactions"], "place"),
        # Without unique keys: a user is in one shard, where they were checked.
        interactions_schema=table(interactions(log.task.scale, timed=log.timed).columns),
        events=merged(found["events"], "user"),
        events_schema=table(events(log.event_groups).columns),
        rejects=merged([*found["rejects"], *of_items], "place"),
        report=sum_reports(reports, pl.concat(found["users"])),
    )


def sum_reports(reports: Sequence[UserReport], users: pl.LazyFrame) -> UserReport:
    """Return the sum of all shards' reports; users: of all shards, to count their values anew."""
    first = reports[0]
    names = [feature.name for feature in first.user_values]
    lists = [name for name, dtype in users.collect_schema().items() if dtype == pl.List]
    single = [pl.col(name).explode() if name in lists else pl.col(name) for name in names]
    values = users.select(one.drop_nulls().n_unique() for one in single).collect(engine="streaming")
    return UserReport(
        files={role: _file([r.files[role] for r in reports]) for role in first.files},
        joined_lines=first.joined_lines,
        user_values=[
            _feature([r.user_values[n] for r in reports], values[name].item())
            for n, name in enumerate(names)
        ],
        users=sum(r.users for r in reports),
        sound_users=sum(r.sound_users for r in reports),
    )


def _file(parts: Sequence[FileCount]) -> FileCount:
    return FileCount(
        file=parts[0].file,
        read=sum(part.read for part in parts),
        kept=sum(part.kept for part in parts),
        rejected=sum(part.rejected for part in parts),
        reasons=_most_frequent_first(part.reasons for part in parts),
        unmet=_unmet_everywhere([part.unmet for part in parts]),
    )


def _unmet_everywhere(parts: Sequence[dict[str, list[str]]]) -> dict[str, list[str]]:
    """Return by setting the keys that no shard met."""
    unmet = {
        name: [key for key in keys if all(key in part.get(name, ()) for part in parts)]
        for name, keys in parts[0].items()
    }
    return {name: keys for name, keys in unmet.items() if keys}


def _feature(parts: Sequence[FeatureCount], values: int) -> FeatureCount:
    return FeatureCount(
        name=parts[0].name,
        kind=parts[0].kind,
        rows=sum(part.rows for part in parts),
        known=sum(part.known for part in parts),
        values=values,
        problems=_most_frequent_first(part.problems for part in parts),
    )


def _most_frequent_first(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    total = sum((Counter(one) for one in counts), Counter())
    return dict(sorted(total.items(), key=lambda one: (-one[1], one[0])))


def merged(frames: Sequence[pl.LazyFrame], key: str) -> pl.LazyFrame:
    """Merge frames sorted by a key, streamed; rows with the same key are in one of them."""
    while len(frames) > 1:
        pairs = zip_longest(frames[::2], frames[1::2])
        frames = [a if b is None else a.merge_sorted(b, key=key) for a, b in pairs]
    return frames[0]
