"""Separate the rows that pass every check from those that do not, losing none."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

PASSED = -1


@dataclass(frozen=True)
class Check:
    """A reason to reject a row: `bad` is true or unknown, in the raw column or the whole line."""

    column: str | None
    bad: pl.Expr
    reason: str


def judge(checks: Sequence[Check]) -> pl.Expr:
    """Compute `failed`, the number of the first check that a row fails; PASSED if none."""
    failed = [
        pl.when(c.bad.fill_null(value=True)).then(pl.lit(i, pl.Int16)) for i, c in enumerate(checks)
    ]
    return pl.coalesce(*failed, pl.lit(PASSED, pl.Int16)).alias("failed")


def kept(judged: pl.LazyFrame) -> pl.LazyFrame:
    """Select the rows that passed."""
    return judged.filter(pl.col("failed") == PASSED).drop("failed")


def rejected(judged: pl.LazyFrame, file: str, checks: Sequence[Check]) -> pl.LazyFrame:
    """Select the others: `place` and, as in `pipeline_lib.schemas.clean.REJECTS`, the rest."""
    columns = {i: c.column for i, c in enumerate(checks)}
    reasons = {i: c.reason for i, c in enumerate(checks)}
    failed = pl.col("failed")
    return judged.filter(failed != PASSED).select(
        "place",
        pl.lit(file).alias("file"),
        "line",
        failed.replace_strict(columns, default=None, return_dtype=pl.String).alias("column"),
        failed.replace_strict(reasons, default=None, return_dtype=pl.String).alias("reason"),
        "text",
    )
