"""The known values of every feature, their codes, and the scale of every number."""

from collections.abc import Mapping, Sequence

import polars as pl
from pydantic import BaseModel

MOST_DEVIATIONS = 5.0
CONSTANT = "constant"  # the one feature, and its value, of users of whom nothing is known
ID = "id"  # the one feature of items of which nothing is known
ROUNDING = 1e-12  # of numbers that are the same, relative to them


class Scale(BaseModel):
    """The mean and the standard deviation by which a number is standardised."""

    mean: float
    sd: float

    def __len__(self) -> int:
        """Return the number of its codes: one, whose embedding the number scales."""
        return 1


Side = Mapping[str, list[str] | Scale]


class Vocabulary(BaseModel):
    """The values of each feature that training users, or the items of their rows, have.

    Codes count the values from 1 through all features of a side, users or items; a number has one
    code. Every other value is unknown and has code 0.
    """

    user: dict[str, list[str] | Scale]
    item: dict[str, list[str] | Scale]


def fit_side(profiles: pl.DataFrame, rows: pl.Series) -> dict[str, list[str] | Scale]:
    """Return the values of each feature, or the scale of a number over training rows.

    profiles: a column a feature: strings, lists of strings or floats, null where unknown. rows:
    how many training rows each profile has.
    """
    return {column.name: _fit(column, rows) for column in profiles}


def first_codes(side: Side) -> dict[str, int]:
    """Return each feature's first code."""
    starts, start = {}, 1
    for feature, values in side.items():
        starts[feature] = start
        start += len(values)
    return starts


def codes_of(values: Sequence[str], start: int) -> dict[str, int]:
    """Return each value's code, from `start`."""
    return {value: start + i for i, value in enumerate(values)}


def standardised(value: pl.Expr, scale: Scale) -> pl.Expr:
    """Standardise numbers, clipped to five standard deviations from the mean."""
    return ((value - scale.mean) / scale.sd).clip(-MOST_DEVIATIONS, MOST_DEVIATIONS)


def _fit(column: pl.Series, rows: pl.Series) -> list[str] | Scale:
    if column.dtype == pl.Float64:
        return _scale(column, rows)
    values = column.explode() if column.dtype == pl.List else column
    return values.drop_nulls().unique().sort().to_list()


def _scale(numbers: pl.Series, rows: pl.Series) -> Scale:
    known = numbers.is_not_null()
    x, n = numbers.filter(known).to_numpy(), rows.filter(known).to_numpy()
    total = n.sum()
    if not total:
        return Scale(mean=0.0, sd=1.0)
    mean = float((n * x).sum() / total)
    sd = float(((n * (x - mean) ** 2).sum() / total) ** 0.5)
    constant = sd <= ROUNDING * abs(x).max()
    return Scale(mean=mean, sd=1.0 if constant else sd)
