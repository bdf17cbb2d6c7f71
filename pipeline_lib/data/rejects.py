"""Separate the rows that pass every check from those that do not, losing none."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Check:
    """A reason to reject a row: `bad` is true, in the named column or in the whole line."""

    column: str | None
    reason: str
    bad: pl.Expr


def sieve(
    frame: pl.DataFrame, file: str, checks: Sequence[Check]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split a frame with `line` and `text` columns into the rows kept and the rejects.

    A row is rejected for the first check it fails.
    """
    failed = pl.coalesce(
        *[pl.when(c.bad.fill_null(value=True)).then(i) for i, c in enumerate(checks)], pl.lit(-1)
    ).alias("failed")
    marked = frame.with_columns(failed)
    bad = marked.filter(pl.col("failed") >= 0)
    numbers = range(len(checks))
    rejects = bad.select(
        pl.lit(file).alias("file"),
        "line",
        pl.col("failed")
        .replace_strict(numbers, [c.column for c in checks], return_dtype=pl.String)
        .alias("column"),
        pl.col("failed")
        .replace_strict(numbers, [c.reason for c in checks], return_dtype=pl.String)
        .alias("reason"),
        "text",
    )
    return marked.filter(pl.col("failed") < 0).drop("failed"), rejects
