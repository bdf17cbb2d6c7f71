"""The places of rows in a cleaned log: where they stand, however they were found."""

from collections.abc import Iterable, Mapping

import polars as pl

# A record joined of several lines stands behind all others of its file, a row rejected since
# another is taken behind those rejected by themselves, and the rows of a table behind those of the
# tables before it. Lines count to a trillion.
JOINED = 2**40
REPEATED = 2**41
TABLE = 2**42


def placed(lines: pl.LazyFrame, first: int = 0) -> pl.LazyFrame:
    """Give rows places by their `line`, behind a first place."""
    return lines.with_columns((pl.col("line") + first).alias("place"))


def later(rows: pl.LazyFrame, by: int) -> pl.LazyFrame:
    """Move rows to later places."""
    return rows.with_columns(pl.col("place") + by)


def in_order(rows: Mapping[str, pl.LazyFrame], roles: Iterable[str]) -> pl.LazyFrame:
    """Put the rows of some tables one behind the other.

    rows: by role, `place` and other columns. roles: those of all tables.
    """
    placed = [later(rows[role], n * TABLE) for n, role in enumerate(roles) if role in rows]
    return pl.concat(placed)
