"""The known values of every feature, and their codes."""

from collections.abc import Mapping

import polars as pl
from pydantic import BaseModel


class Vocabulary(BaseModel):
    """The values of each feature that training users, or items they met, have.

    A value's code is its place, from 1, counted through all features of its side; every other
    value is unknown and has code 0.
    """

    user: dict[str, list[str]]
    item: dict[str, list[str]]


def fit_vocabulary(users: pl.DataFrame, items: pl.DataFrame) -> Vocabulary:
    """Collect the values of training users and of the items that they met.

    users: a string column a feature. items: a list column a feature.
    """
    return Vocabulary(
        user={f: users[f].unique().sort().to_list() for f in users.columns if f != "user"},
        item={
            f: items[f].explode().drop_nulls().unique().sort().to_list()
            for f in items.columns
            if f != "item"
        },
    )


def encode_values(side: Mapping[str, list[str]]) -> dict[str, dict[str, int]]:
    """Give each value of one side its code: feature to value to code."""
    codes: dict[str, dict[str, int]] = {}
    start = 1
    for feature, values in side.items():
        codes[feature] = {value: start + i for i, value in enumerate(values)}
        start += len(values)
    return codes
