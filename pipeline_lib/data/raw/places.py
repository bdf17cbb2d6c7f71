"""The places of rows in a cleaned log: they sort the rows however these were found."""

from collections.abc import Iterable, Mapping

import polars as pl

# In a file, records joined of several lines come after all others, and rows that are rejected as
# repeats after those rejected by themselves; a table's rows come after those of the tables before
# it. Line numbers have room up to a trillion.
JOINED = 2**40
REPEATED = 2**41
TABLE = 2**42


def placed(lines: pl.LazyFrame, first: int = 0) -> pl.LazyFrame:
    """Add the column `place`: the row's `line`, counted from the place `first`."""
    return lines.with_columns((pl.col("line") + first).alias("place"))


def later(rows: pl.LazyFrame, by: int) -> pl.LazyFrame:
    """Add `by` to the places of rows."""
    return rows.with_columns(pl.col("place") + by)


def in_order(rows: Mapping[str, pl.LazyFrame], roles: Iterable[str]) -> pl.LazyFrame:
    """Concatenate the rows of some tables in the order of all tables' roles.

    rows: by role, `place` and other columns.
    """
    placed = [later(rows[role], n * TABLE) for n, role in enumerate(roles) if role in rows]
    return pl.concat(placed)
