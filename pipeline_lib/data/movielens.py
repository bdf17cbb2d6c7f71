"""The raw layout of MovieLens-1M, with the director and actor file that others add to it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from pipeline_lib.data.delimited import Column, RawTable, read_delimited

ID = r"^[1-9]\d*$"
USER = Column("user", ID, "a positive whole number")
ITEM = Column("item", ID, "a positive whole number")


def _text(name: str) -> Column:
    return Column(name, "", "text")


USERS = (
    USER,
    Column("gender", r"^[FM]$", "F or M"),
    Column("age", r"^(1|18|25|35|45|50|56)$", "one of the age codes 1, 18, 25, 35, 45, 50, 56"),
    Column("occupation", r"^(1?\d|20)$", "an occupation code from 0 to 20"),
    Column("zip", r"\S", "filled in"),
)
MOVIES = (ITEM, Column("title", r"\S", "filled in"), _text("genre"))
RATINGS = (
    USER,
    ITEM,
    Column("target", r"^-?\d+(\.\d+)?$", "a number"),
    Column("timestamp", r"^\d+$", "a whole number of seconds"),
)
DETAILS = (
    ITEM,
    *map(_text, ("name", "year", "rated", "released", "genres")),
    *map(_text, ("director", "writer", "actor", "plot", "poster")),
)


@dataclass(frozen=True)
class RawLogs:
    """The raw tables of a dataset; `item_details` is None when its file is missing.

    users: `user` and features as strings. items, item_details: `item` and features as lists.
    interactions: `user`, `item`, `target` as a string.
    """

    users: RawTable
    items: RawTable
    interactions: RawTable
    item_details: RawTable | None


def read_movielens(files: Mapping[str, Path]) -> RawLogs:
    """Read the files `users`, `catalogue`, `interactions` and, where given, `item_details`."""
    details = files.get("item_details")
    return RawLogs(
        users=read_delimited(files["users"], USERS, "::", "latin-1"),
        items=_movies(read_delimited(files["catalogue"], MOVIES, "::", "latin-1")),
        interactions=read_delimited(files["interactions"], RATINGS, "::", "latin-1"),
        item_details=_details(read_delimited(details, DETAILS, "::", "utf-8")) if details else None,
    )


def _movies(table: RawTable) -> RawTable:
    year = pl.col("title").str.extract(r"\((\d{4})\)\s*$").alias("year")
    return _select(table, _list(pl.col("genre"), "|"), _list(year, "|"))


def _details(table: RawTable) -> RawTable:
    return _select(table, *(_list(pl.col(name), ", ") for name in ("director", "actor", "rated")))


def _select(table: RawTable, *features: pl.Expr) -> RawTable:
    return replace(table, rows=table.rows.select("line", "text", "item", *features))


def _list(text: pl.Expr, separator: str) -> pl.Expr:
    """Split into values, without roles in brackets, blanks, N/A and repeats."""
    value = pl.element().str.replace(r"\s*\(.*\)$", "").str.strip_chars()
    values = text.str.split(separator).list.eval(value).fill_null([])
    return values.list.eval(
        pl.element().filter(~pl.element().is_in(["", "N/A"])).unique(maintain_order=True)
    )
