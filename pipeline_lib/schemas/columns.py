"""The columns of tables between rules, as pandera schemas that check their values."""

from collections.abc import Iterable

import pandera.polars as pa
import polars as pl

FOLDS = ("train", "validation", "test")
GROUPS = ("major", "minor")
PARTS = ("support", "query")
TIME = pl.Datetime("ms", "UTC")


def name(*, unique: bool = False, nullable: bool = False) -> pa.Column:
    """Return a column of non-empty strings."""
    filled = pa.Check.str_length(min_value=1)
    return pa.Column(pl.String, filled, unique=unique, nullable=nullable)


def one_of(values: Iterable[str]) -> pa.Column:
    """Return a column whose strings are among `values`."""
    return pa.Column(pl.String, pa.Check.isin(list(values)))


def finite(*, nullable: bool = False) -> pa.Column:
    """Return a column of finite float64 numbers."""
    within = pa.Check.in_range(float("-inf"), float("inf"), include_min=False, include_max=False)
    return pa.Column(pl.Float64, within, nullable=nullable)


def rating(scale: tuple[float, float]) -> pa.Column:
    """Return a column of float32 ratings within a scale."""
    return pa.Column(pl.Float32, pa.Check.in_range(*scale))


def names() -> pa.Column:
    """Return a column of lists, maybe empty, of non-empty strings."""
    return pa.Column(pl.List(pl.String), pa.Check(_filled))


def table(columns: dict[str, pa.Column], unique: list[str] | None = None) -> pa.DataFrameSchema:
    """Return the schema of a table of these columns; the `unique` ones identify a row."""
    return pa.DataFrameSchema(columns, strict=True, unique=unique)


def types(schema: pa.DataFrameSchema) -> dict[str, pl.DataType]:
    """Return the Polars types of a schema's columns."""
    return {column: described.dtype.type for column, described in schema.columns.items()}


def no_rows(schema: pa.DataFrameSchema) -> pl.DataFrame:
    """Return a table of a schema that has no rows."""
    return pl.DataFrame(schema=types(schema))


def _filled(data: pa.PolarsData) -> pl.LazyFrame:
    value = pl.element()
    filled = value.is_not_null() & (value != "")
    return data.lazyframe.select(pl.col(data.key).list.eval(filled).list.all())
