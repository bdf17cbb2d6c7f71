"""The schemas of a dataset's clean tables and of the rejects."""

from collections.abc import Iterable, Mapping

import pandera.polars as pa
import polars as pl

from pipeline_lib.schemas.columns import TIME, finite, name, names, rating, table
from pipeline_lib.settings.features import AnyFeature

REJECTS = table(
    {
        "file": name(),
        "line": pa.Column(pl.Int64, pa.Check.ge(1)),
        "column": pa.Column(pl.String, nullable=True),
        "reason": name(),
        "text": pa.Column(pl.String),
    }
)


def users(features: Mapping[str, AnyFeature]) -> pa.DataFrameSchema:
    """Return the schema of clean users: a row a user, a column a feature, null if blank or wrong.

    problem: the first blank or wrong feature that drops the user, in words.
    """
    return table({"user": name(unique=True), **_values(features), "problem": name(nullable=True)})


def items(features: Mapping[str, AnyFeature]) -> pa.DataFrameSchema:
    """Return the schema of clean items: a row an item, a column a feature that is read."""
    return table({"item": name(unique=True), **_values(features)})


def interactions(scale: tuple[float, float], *, timed: bool = False) -> pa.DataFrameSchema:
    """Return the schema of interactions: at most one a user and item, target within `scale`.

    timed: whether each has its `time`.
    """
    time = {"time": pa.Column(TIME)} if timed else {}
    columns = {"user": name(), "item": name(), "target": rating(scale), **time}
    return table(columns, unique=["user", "item"])


def events(by: Iterable[str]) -> pa.DataFrameSchema:
    """Return the schema of users' events counted by groups of items, '' where one is unknown."""
    counts = {c: pa.Column(pl.Int64, pa.Check.ge(0)) for c in ("events", "hits", "trials")}
    groups = {group: pa.Column(pl.String) for group in by}
    return table({"user": name(), **groups, **counts}, unique=["user", *groups])


def _values(features: Mapping[str, AnyFeature]) -> dict[str, pa.Column]:
    return {feature: _column(settings.kind) for feature, settings in features.items()}


def _column(kind: str) -> pa.Column:
    if kind == "numeric":
        return finite(nullable=True)
    return names() if kind == "multi-valued" else name(nullable=True)
