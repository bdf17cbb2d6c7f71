"""Divide rows into those that pass every check and those that are rejected, losing none."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

PASSED = -1


@dataclass(frozen=True)
class Check:
    """A reason to reject a row where `bad` is true or null; column: None for the line itself."""

    column: str | None
    bad: pl.Expr
    reason: str


@dataclass(frozen=True)
class Known:
    """The names of all users or items, and the file that lists them."""

    names: pl.Series
    file: str

    def check(self, key: str, column: str) -> Check:
        """Return the check that the names in `key`, read from a raw column, are among these."""
        unknown = ~pl.col(key).is_in(self.names.implode())
        return Check(column, unknown, f"{key} has no row in {self.file}")


def judge(checks: Sequence[Check]) -> pl.Expr:
    """Compute `failed`: the number of the first check that a row fails, PASSED if none."""
    failed = [
        pl.when(c.bad.fill_null(value=True)).then(pl.lit(i, pl.Int16)) for i, c in enumerate(checks)
    ]
    return pl.coalesce(*failed, pl.lit(PASSED, pl.Int16)).alias("failed")


def passed(judged: pl.LazyFrame) -> pl.LazyFrame:
    """Return the rows that passed every check."""
    return judged.filter(pl.col("failed") == PASSED).drop("failed")


def rejected(judged: pl.LazyFrame, file: str, checks: Sequence[Check]) -> pl.LazyFrame:
    """Return the other rows, with the columns of `pipeline_lib.schemas.clean.REJECTS`."""
    columns = {i: c.column for i, c in enumerate(checks)}
    reasons = {i: c.reason for i, c in enumerate(checks)}
    failed = pl.col("failed")
    return judged.filter(failed != PASSED).select(
        pl.lit(file).alias("file"),
        "line",
        failed.replace_strict(columns, default=None, return_dtype=pl.String).alias("column"),
        failed.replace_strict(reasons, default=None, return_dtype=pl.String).alias("reason"),
        "text",
    )
