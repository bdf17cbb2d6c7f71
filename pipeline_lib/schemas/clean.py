"""The clean tables of a dataset, and what was rejected."""

from collections.abc import Iterable

import pandera.polars as pa
import polars as pl

from pipeline_lib.schemas.columns import name, names, rating, table

REJECTS = table(
    {
        "file": name(),
        "line": pa.Column(pl.Int64, pa.Check.ge(1)),
        "column": pa.Column(pl.String, nullable=True),
        "reason": name(),
        "text": pa.Column(pl.String),
    }
)


def users(features: Iterable[str]) -> pa.DataFrameSchema:
    """Describe clean users: one row a user, every feature a non-empty string."""
    return table({"user": name(unique=True), **{feature: name() for feature in features}})


def items(features: Iterable[str]) -> pa.DataFrameSchema:
    """Describe clean items: one row an item, every feature a list of values, maybe empty."""
    return table({"item": name(unique=True), **{feature: names() for feature in features}})


def interactions(scale: tuple[float, float]) -> pa.DataFrameSchema:
    """Describe clean interactions: at most one a user and item, the target within `scale`."""
    columns = {"user": name(), "item": name(), "target": rating(scale)}
    return table(columns, unique=["user", "item"])
