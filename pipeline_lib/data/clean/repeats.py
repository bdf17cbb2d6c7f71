"""Make one row of several rows that a user has on an item."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from pipeline_lib.data.clean.checks import PASSED, Check, judge, rejected
from pipeline_lib.data.clean.report import COUNTED
from pipeline_lib.data.raw.table import RawTable
from pipeline_lib.settings.tables import Repeats
from pipeline_lib.storage.tables import repeated_rows, sink

TAKEN = "another row of this user and item is taken"
# The target of all rows; for the other rules it is that of the row that stands for them.
TARGET = {"mean": pl.col("target").mean(), "sum": pl.col("target").sum()}


def one_each(
    raw: RawTable, rows: pl.LazyFrame, repeats: Repeats, within: Sequence[Check], scratch: Path
) -> tuple[pl.LazyFrame, pl.LazyFrame | None]:
    """Return a row for each user and item, and the rejects if there are any.

    rows: `line`, `user`, `item`, `target`, maybe `time`, and others. within: the checks of a sum.
    scratch: the file for the rejects, with the columns of `pipeline_lib.schemas.clean.REJECTS`.
    """
    reason = COUNTED if repeats in TARGET else TAKEN
    checks = [Check(None, pl.lit(value=False), reason), *within]
    found = repeated_rows(rows, ["user", "item"])
    stands = _standing(found, repeats)
    others = found.join(stands, on="line", how="anti")
    late = others.select("line", pl.lit(0, pl.Int16).alias("failed"))
    rows = _without(rows, late)
    if repeats in TARGET:
        rows = _with_targets(rows, stands)
    if repeats == "sum":
        wrong = rows.select("line", judge(checks)).filter(pl.col("failed") != PASSED)
        beyond = wrong.collect(engine="streaming")
        rows, late = _without(rows, beyond), late.vstack(beyond)
    if late.is_empty():
        return rows, None
    texts = raw.rows.select("line", "text")
    some = texts.filter(pl.col("line").is_in(late["line"].implode()))
    judged = some.join(late.lazy(), on="line", maintain_order="left")
    sink(rejected(judged, raw.file, checks), scratch)
    return rows, pl.scan_parquet(scratch, glob=False)


def _standing(found: pl.DataFrame, repeats: Repeats) -> pl.DataFrame:
    """Return the line that stands for all rows of a user and an item, and their target.

    Windows add up in the order of the rows, so that threads change no last bit.
    """
    keys = ["user", "item"]
    ordered = found.sort(_order(repeats, timed="time" in found.columns))
    if repeats in TARGET:
        ordered = ordered.with_columns(TARGET[repeats].over(keys))
    return ordered.unique(keys, keep="first", maintain_order=True).select("line", "target")


def _order(repeats: Repeats, *, timed: bool) -> list[pl.Expr]:
    """Return by what the row that stands for all comes first."""
    if repeats == "highest":
        return [-pl.col("target"), pl.col("line")]
    line = pl.col("line")
    order = [pl.col("time").to_physical(), line] if timed else [line]
    return [-part for part in order] if repeats == "last" else order


def _without(rows: pl.LazyFrame, late: pl.DataFrame) -> pl.LazyFrame:
    return rows.filter(~pl.col("line").is_in(late["line"].implode()))


def _with_targets(rows: pl.LazyFrame, stands: pl.DataFrame) -> pl.LazyFrame:
    of_all = stands.lazy().rename({"target": "of_all"})
    joined = rows.join(of_all, on="line", how="left", maintain_order="left")
    return joined.with_columns(pl.coalesce("of_all", "target").alias("target")).drop("of_all")
