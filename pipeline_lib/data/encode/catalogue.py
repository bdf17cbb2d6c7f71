"""Encode the features of items."""

import numpy as np
import polars as pl
import torch

from pipeline_lib.data.encode.vocabulary import (
    Scale,
    Vocabulary,
    codes_of,
    first_codes,
    standardised,
)
from pipeline_lib.episodes.format import Catalogue, integers, ragged


def encode_catalogue(items: pl.DataFrame, vocabulary: Vocabulary) -> Catalogue:
    """Encode every item; its bags hold the codes of known values only.

    items: `item` and a column a feature, in the order of the catalogue.
    """
    features = list(vocabulary.item)
    starts = first_codes(vocabulary.item)
    bags = [
        _bags(items[feature], vocabulary.item[feature], starts[feature]).select(
            (pl.col("row") * len(features) + number).alias("bag"), "code", "weight"
        )
        for number, feature in enumerate(features)
    ]
    known = pl.concat(bags).sort("bag", maintain_order=True)
    lengths = np.bincount(known["bag"].to_numpy(), minlength=items.height * len(features))
    weights = torch.tensor(known["weight"].to_numpy(), dtype=torch.float32)
    return Catalogue(ragged(lengths), integers(known["code"]), weights, len(features))


def _bags(column: pl.Series, known: list[str] | Scale, start: int) -> pl.DataFrame:
    """Return the `row`, `code` and `weight` of each known value of one feature."""
    value = pl.col(column.name)
    rows = column.to_frame().select(pl.int_range(pl.len(), dtype=pl.Int64).alias("row"), value)
    if isinstance(known, Scale):
        coded = rows.select(
            "row",
            pl.lit(start, pl.Int64).alias("code"),
            standardised(value, known).alias("weight"),
        )
        return coded.drop_nulls()
    if column.dtype == pl.List:
        rows = rows.explode(column.name)
    codes = codes_of(known, start)
    code = value.replace_strict(codes, default=None, return_dtype=pl.Int64)
    coded = rows.select("row", code.alias("code")).drop_nulls()
    return coded.with_columns((1 / pl.len().over("row")).alias("weight"))
