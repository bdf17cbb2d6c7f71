"""Clean interactions and events, streamed from file to file, since they may be many millions."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipeline_lib.data.clean.checks import PASSED, Check, Known, judge, passed, rejected
from pipeline_lib.data.clean.listed import is_listed
from pipeline_lib.data.clean.profiles import read_key, row_checks, value_checks
from pipeline_lib.data.clean.repeats import one_each
from pipeline_lib.data.clean.report import FileCount, count_file
from pipeline_lib.data.clean.targets import learn, read_number
from pipeline_lib.data.clean.times import as_time, time_checks
from pipeline_lib.data.clean.unmet import unmet_keys
from pipeline_lib.data.clean.values import before_replacing
from pipeline_lib.data.raw.table import RawTable
from pipeline_lib.settings.columns import Column
from pipeline_lib.settings.tables import EventTable, InteractionTable
from pipeline_lib.settings.task import ROUNDING, ClickTask, RatingTask
from pipeline_lib.storage.tables import sink


@dataclass(frozen=True)
class Streamed:
    """The clean rows and the rejects of a large file; both are read from a scratch folder.

    rejects: with the columns of `pipeline_lib.schemas.clean.REJECTS`.
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
    """Clean interactions: `user`, `item`, `target`, at most one row a user and item.

    They have `time` too, where the table has one.
    known: the names by key column; rows with other names are rejected.
    """
    columns = {"user": table.user, "item": table.item, "target": table.target}
    if table.time:
        columns["time"] = table.time
    rows = raw.rows
    if table.target.constant is not None:
        columns.pop("target")
        rows = rows.with_columns(pl.lit(str(table.target.constant)).alias("target"))
    rows = rows.with_columns(
        read_key(raw, name, column, table.blank) for name, column in columns.items()
    )
    values = [read_number(pl.col("target"), table.target).alias("target")]
    if table.time:
        values.append(as_time(pl.col("time"), table.time).alias("time"))
    learned = learn(pl.col("target"), table.target)
    checks = _checks(raw, table, task, known)
    with raw.reading():
        judged = _judged(rows, ["user", "item", *values], checks, scratch / "interactions.parquet")
    own = rejected(judged, raw.file, checks)
    of_all = _within(table, learned, task)
    right = passed(judged).drop("text")
    unique, late = one_each(raw, right, table.repeats, of_all, scratch / "repeats.parquet")
    rejects = own if late is None else pl.concat([own, late])
    target = learned.cast(pl.Float32)
    clean = unique.select("user", "item", target, *(["time"] if table.time else []))
    kept = clean.select(pl.len()).collect().item()
    unmet = unmet_keys(raw, columns, table.filters)
    return Streamed(clean, rejects, count_file(raw.file, kept, rejects, unmet))


def _checks(
    raw: RawTable, table: InteractionTable, task: RatingTask | ClickTask, known: dict[str, Known]
) -> list[Check]:
    keys, target = {"user": table.user, "item": table.item}, pl.col("target")
    learned = learn(read_number(target, table.target), table.target)
    scale = [] if table.repeats == "sum" else _within(table, learned, task)
    return [
        *row_checks(raw, table, keys),
        *_covered(raw, table.target),
        *value_checks("target", target, table.target, number=not table.target.clicks),
        *scale,
        *(time_checks(pl.col("time"), table.time) if table.time else ()),
        *(found.check(name, keys[name].column or name) for name, found in known.items()),
    ]


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
            is_listed(pl.col("event"), table.hits).sum().cast(pl.Int64).alias("hits"),
            is_listed(pl.col("event"), table.trials).sum().cast(pl.Int64).alias("trials"),
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
    known = is_listed(before_replacing(raw.column(name), column), list(column.replace))
    uncovered = ~known & pl.col("target").is_not_null()
    return [Check(name, uncovered, "not among the values that `replace` names")]


def _within(table: InteractionTable, target: pl.Expr, task: RatingTask | ClickTask) -> list[Check]:
    """Return the checks that a target, as it is learned, is on the task's scale."""
    column = table.target.column or "target"
    if isinstance(task, ClickTask):
        return [Check(column, ~target.is_in([0.0, 1.0]), "neither 0 nor 1")]
    low, high = task.scale
    after = " after `divide` and `transform`" if table.target.is_rescaled else ""
    beyond = ~(target.is_between(low, high) & target.is_not_nan())
    checks = [Check(column, beyond, f"outside the scale {low:g} to {high:g}{after}")]
    if task.step:
        steps = (target - low) / task.step
        between = (steps - steps.round()).abs() > ROUNDING
        checks.append(Check(column, between, f"not a step of {task.step:g} from {low:g}"))
    return checks


def _judged(
    rows: pl.LazyFrame, columns: Sequence[str | pl.Expr], checks: Sequence[Check], path: Path
) -> pl.LazyFrame:
    """Judge all rows in one pass over the raw file; only rejects keep their text."""
    judged = rows.select("line", "text", *columns, judge(checks))
    text = pl.when(pl.col("failed") != PASSED).then(pl.col("text"))
    sink(judged.with_columns(text), path)
    return pl.scan_parquet(path, glob=False)
