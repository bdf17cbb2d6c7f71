"""Encode the features of users."""

from typing import Any

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline_lib.data.encode.vocabulary import (
    CONSTANT,
    Scale,
    Side,
    codes_of,
    first_codes,
    standardised,
)

Coded = tuple[NDArray[np.int64], NDArray[np.float64]]


def encode_users(users: pl.DataFrame, side: Side) -> tuple[Tensor, Tensor]:
    """Return users' codes, [users, slots · features] int64, and their weights, float32.

    users: a column a feature. A feature of several values has one in each slot, slot by slot; all
    other features have theirs in the first, and code 0 in the others.
    """
    users = users.with_columns(pl.lit(CONSTANT).alias(CONSTANT))
    starts = first_codes(side)
    coded = [_coded(users[name], known, starts[name]) for name, known in side.items()]
    shape = users.height, max(own.shape[1] for own, _ in coded), len(coded)
    codes, weights = np.zeros(shape, np.int64), np.zeros(shape)
    for number, (own, weight) in enumerate(coded):
        codes[:, : own.shape[1], number] = own
        weights[:, : own.shape[1], number] = weight
    flat = users.height, shape[1] * shape[2]
    return (
        torch.from_numpy(codes.reshape(flat)),
        torch.from_numpy(weights.reshape(flat)).float(),
    )


def _coded(values: pl.Series, known: list[str] | Scale, start: int) -> Coded:
    """Return the codes and weights of one feature, both [users, slots]."""
    if isinstance(known, Scale):
        number = values.to_frame().select(standardised(pl.first(), known)).to_series()
        code = number.is_not_null().cast(pl.Int64) * start
        return _column(code), _column(number.fill_null(0.0))
    codes = codes_of(known, start)
    if values.dtype == pl.List:
        return _bags(values, codes)
    code = values.replace_strict(codes, default=0, return_dtype=pl.Int64)
    return _column(code), np.ones((len(values), 1))


def _column(values: pl.Series) -> NDArray[Any]:
    return values.to_numpy()[:, None]


def _bags(values: pl.Series, codes: dict[str, int]) -> Coded:
    """Return the codes of known values, and 1/n for n of them."""
    code = pl.element().replace_strict(codes, default=None, return_dtype=pl.Int64)
    bags = values.list.eval(code).list.drop_nulls()
    count = bags.list.len().to_numpy()[:, None]
    slots = np.arange(max(1, count.max(initial=0)))
    padded = [bags.list.get(int(n), null_on_oob=True).fill_null(0).to_numpy() for n in slots]
    filled = slots < count
    return np.stack(padded, 1), filled / np.maximum(count, 1)
