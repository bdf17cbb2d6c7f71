"""Clean interactions and events, streamed from file to file, since they may be many millions."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipeline_lib.data.clean.checks import PASSED, Check, Known, judge, passed, rejected
from pipeline_lib.data.clean.listed import listed
from pipeline_lib.data.clean.profiles import read_key, row_checks, value_checks
from pipeline_lib.data.clean.report import FileCount, count_file
from pipeline_lib.data.clean.unmet import unmet_keys
from pipeline_lib.data.clean.values import as_number, before_replacing
from pipeline_lib.data.raw.places import REPEATED, later
from pipeline_lib.data.raw.table import RawTable
from pipeline_lib.settings.columns import Column
from pipeline_lib.settings.tables import EventTable, InteractionTable
from pipeline_lib.settings.task import ClickTask, RatingTask
from pipeline_lib.storage.tables import repeated_rows, sink

REPEAT = "another row of this user and item is taken"


@dataclass(frozen=True)
class Streamed:
    """The clean rows and the rejects of a large file; both are read from a scratch folder.

    rejects: `place`, rising, and the columns of `pipeline_lib.schemas.clean.REJECTS`.
    """

    rows: pl.LazyFrame
    rejects: pl.LazyFrame
    count: FileCount


def read_interactions(
    raw: RawTable,
    table: InteractionTable,
    task: RatingTask | ClickTask,
    known: dict[str, Known],
    scratch: Path,
) -> Streamed:
    """Clean interactions: `place`, rising, `user`, `item`, `target`, at most one a user and item.

    known: the names by key column; rows with other names are rejected.
    """
    keys = {"user": table.user, "item": table.item}
    columns = {**keys, "target": table.target}
    rows = raw.rows.with_columns(
        read_key(raw, name, column, table.blank) for name, column in columns.items()
    )
    target = as_number(pl.col("target"))
    checks = [
        *row_checks(raw, table, keys),
        *_covered(raw, table.target),
        *value_checks("target", pl.col("target"), table.target, number=True),
        _within(table.target.column or "target", target, task),
        *(found.check(name, keys[name].column or name) for name, found in known.items()),
    ]
    number = target.cast(pl.Float32).alias("target")
    with raw.reading():
        judged = _judged(rows, ["user", "item", number], checks, scratch / "interactions.parquet")
    rejects = rejected(judged, raw.file, checks)
    unique, rejects = _without_repeats(
        raw, table, passed(judged), rejects, scratch / "repeats.parquet"
    )
    kept = unique.select(pl.len()).collect().item()
    unmet = unmet_keys(raw, columns, table.filters)
    return Streamed(unique, rejects, count_file(raw.file, kept, rejects, unmet))


def read_events(raw: RawTable, table: EventTable, users: Known, scratch: Path) -> Streamed:
    """Count events: `user`, the columns `by`, `events`, `hits`, `trials`, sorted by user."""
    keys = {"user": table.user, "event": table.event}
    rows = raw.rows.with_columns(
        *(read_key(raw, name, column, table.blank) for name, column in keys.items()),
        *(
            read_key(raw, name, column, table.blank).fill_null("").alias(name)
            for name, column in table.by.items()
        ),
    )
    checks = [*row_checks(raw, table, keys), users.check("user", table.user.column or "user")]
    with raw.reading():
        judged = _judged(rows, ["user", "event", *table.by], checks, scratch / "events.parquet")
    counted = (
        passed(judged)
        .group_by("user", *table.by)
        .agg(
            pl.len().cast(pl.Int64).alias("events"),
            listed(pl.col("event"), table.hits).count().cast(pl.Int64).alias("hits"),
            listed(pl.col("event"), table.trials).count().cast(pl.Int64).alias("trials"),
        )
    )
    rows = counted.sort("user", *table.by).collect(engine="streaming").lazy()
    rejects = rejected(judged, raw.file, checks)
    total = rows.select(pl.col("events").sum()).collect().item()
    unmet = unmet_keys(raw, {**keys, **table.by}, table.filters)
    return Streamed(rows, rejects, count_file(raw.file, total, rejects, unmet))


def _covered(raw: RawTable, column: Column) -> list[Check]:
    """Return the check that `replace` has each target, if it does more than make some blank."""
    if not any(column.replace.values()):
        return []
    name = column.column or "target"
    known = listed(before_replacing(raw.column(name), column), list(column.replace))
    uncovered = known.is_null() & pl.col("target").is_not_null()
    return [Check(name, uncovered, "not among the values that `replace` names")]


def _within(column: str, target: pl.Expr, task: RatingTask | ClickTask) -> Check:
    if isinstance(task, ClickTask):
        return Check(column, ~target.is_in([0.0, 1.0]), "neither 0 nor 1")
    low, high = task.scale
    beyond = ~target.is_between(low, high)
    return Check(column, beyond, f"outside the scale {low:g} to {high:g}")


def _judged(
    rows: pl.LazyFrame, columns: Sequence[str | pl.Expr], checks: Sequence[Check], path: Path
) -> pl.LazyFrame:
    """Judge all rows in one pass over the raw file; only rejects keep their text."""
    judged = rows.select("place", "line", "text", *columns, judge(checks))
    text = pl.when(pl.col("failed") != PASSED).then(pl.col("text"))
    sink(judged.with_columns(text), path)
    return pl.scan_parquet(path, glob=False)


def _without_repeats(
    raw: RawTable,
    table: InteractionTable,
    rows: pl.LazyFrame,
    rejects: pl.LazyFrame,
    scratch: Path,
) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """Return the rows, at most one a user and item, and all rejects."""
    found = repeated_rows(rows.drop("text"), ["user", "item"])
    if not found.is_empty():
        order = [-pl.col("target"), pl.col("line")] if table.repeats == "highest" else ["line"]
        taken = found.sort(order).group_by("user", "item", maintain_order=True).first()["line"]
        others = found.filter(~pl.col("line").is_in(taken.implode()))["line"]
        rows = rows.filter(~pl.col("line").is_in(others.implode()))
        repeat = [Check(None, pl.lit(value=True), REPEAT)]
        texts = raw.rows.select("place", "line", "text").filter(
            pl.col("line").is_in(others.implode())
        )
        sink(rejected(texts.with_columns(judge(repeat)), raw.file, repeat), scratch)
        rejects = pl.concat([rejects, later(pl.scan_parquet(scratch, glob=False), REPEATED)])
    return rows.select("place", "user", "item", "target"), rejects
