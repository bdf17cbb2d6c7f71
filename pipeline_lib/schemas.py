"""The tables between rules, as pandera schemas that check values."""

from collections.abc import Iterable

import pandera.polars as pa
import polars as pl

FOLDS = ("train", "validation", "test")
GROUPS = ("major", "minor")
PARTS = ("support", "query")


def _name(*, unique: bool = False) -> pa.Column:
    return pa.Column(pl.String, pa.Check.str_length(min_value=1), unique=unique)


def _one_of(values: Iterable[str]) -> pa.Column:
    return pa.Column(pl.String, pa.Check.isin(list(values)))


def _finite(*, nullable: bool = False) -> pa.Column:
    within = pa.Check.in_range(float("-inf"), float("inf"), include_min=False, include_max=False)
    return pa.Column(pl.Float64, within, nullable=nullable)


def users(features: Iterable[str]) -> pa.DataFrameSchema:
    """Describe clean users: one row a user, every feature a non-empty string."""
    return _schema({"user": _name(unique=True), **{f: _name() for f in features}})


def items(features: Iterable[str]) -> pa.DataFrameSchema:
    """Describe clean items: one row an item, every feature a list of values, maybe empty."""
    lists = {f: pa.Column(pl.List(pl.String), pa.Check(_filled)) for f in features}
    return _schema({"item": _name(unique=True), **lists})


def interactions(scale: tuple[float, float]) -> pa.DataFrameSchema:
    """Describe clean interactions: at most one a user and item, the target within `scale`."""
    target = pa.Column(pl.Float32, pa.Check.in_range(*scale))
    return _schema({"user": _name(), "item": _name(), "target": target}, ["user", "item"])


def split_rows(scale: tuple[float, float]) -> pa.DataFrameSchema:
    """Describe the interactions of the users kept, each in one part of one fold."""
    target = pa.Column(pl.Float32, pa.Check.in_range(*scale))
    columns = {"user": _name(), "item": _name(), "target": target}
    return _schema({**columns, "fold": _one_of(FOLDS), "part": _one_of(PARTS)}, ["user", "item"])


def _filled(data: pa.PolarsData) -> pl.LazyFrame:
    value = pl.element()
    filled = value.is_not_null() & (value != "")
    return data.lazyframe.select(pl.col(data.key).list.eval(filled).list.all())


def types(schema: pa.DataFrameSchema) -> dict[str, pl.DataType]:
    """List a schema's columns and types, as Polars wants them."""
    return {name: column.dtype.type for name, column in schema.columns.items()}


def _schema(columns: dict[str, pa.Column], unique: list[str] | None = None) -> pa.DataFrameSchema:
    return pa.DataFrameSchema(columns, strict=True, unique=unique)


REJECTS = _schema(
    {
        "file": _name(),
        "line": pa.Column(pl.Int64, pa.Check.ge(1)),
        "column": pa.Column(pl.String, nullable=True),
        "reason": _name(),
        "text": pa.Column(pl.String),
    }
)
SPLIT_USERS = _schema(
    {"user": _name(unique=True), "fold": _one_of(FOLDS), "group": _one_of(GROUPS)}
)
HISTORY = _schema(
    {
        "epoch": pa.Column(pl.Int64, pa.Check.ge(1), unique=True),
        "train_loss": _finite(),
        "validation_mse": _finite(),
        "seconds": _finite(),
    }
)
PREDICTIONS = _schema(
    {
        "user": _name(),
        "item": _name(),
        "group": _one_of(GROUPS),
        "target": _finite(),
        "score": _finite(),
        "inner_lr": _finite(nullable=True),
    },
    ["user", "item"],
)
USER_METRICS = _schema(
    {
        "user": _name(unique=True),
        "group": _one_of(GROUPS),
        "mse": _finite(),
        "ndcg_3": _finite(nullable=True),
        "ndcg_5": _finite(nullable=True),
    }
)
