"""Encode the users of each fold, all of them or a shard."""

import numpy as np
import polars as pl
import torch

from pipeline_lib.data.encode.vocabulary import (
    Scale,
    Side,
    Vocabulary,
    first_codes,
    numbered,
    standardised,
)
from pipeline_lib.episodes.format import Episodes, Rows, integers, ragged
from pipeline_lib.schemas.columns import FOLDS


def with_places(split_users: pl.LazyFrame) -> pl.LazyFrame:
    """Sort the split's users and give each its `place`."""
    return split_users.sort("user").with_row_index("place")


def encode_folds(
    profiles: pl.DataFrame, rows: pl.LazyFrame, items: pl.Series, vocabulary: Vocabulary
) -> dict[str, Episodes]:
    """Encode the users of each fold.

    profiles: `place`, rising, `user`, `fold` and a column a feature, one row a user. rows: the
    split's interactions. items: names in the catalogue's order.
    """
    numbered_items = items.alias("item").to_frame().with_row_index("number")
    local = (
        rows.join(profiles.lazy().select("user", "place"), on="user")
        .join(numbered_items.lazy(), on="item")
        .select("fold", "part", "place", "number", "target")
        .sort("place", "number")
        .collect(engine="streaming")
    )
    return {
        fold: _episodes(
            profiles.filter(pl.col("fold") == fold),
            local.filter(pl.col("fold") == fold),
            vocabulary,
        )
        for fold in FOLDS
    }


def _episodes(users: pl.DataFrame, rows: pl.DataFrame, vocabulary: Vocabulary) -> Episodes:
    codes, values = encode_users(users, vocabulary.user)
    return Episodes(
        user=integers(users["place"]),
        codes=codes,
        values=values,
        support=_rows(rows.filter(pl.col("part") == "support"), users["place"]),
        query=_rows(rows.filter(pl.col("part") == "query"), users["place"]),
    )


def encode_users(users: pl.DataFrame, side: Side) -> tuple[torch.Tensor, torch.Tensor]:
    """Encode users' profiles: codes [users, features] int64 and values [users, features] float32.

    users: `place` and a column a feature.
    """
    starts = first_codes(side)
    codes, values = [], []
    for feature, known in side.items():
        if isinstance(known, Scale):
            value = standardised(pl.col(feature), known)
            codes.append(pl.when(value.is_not_null()).then(starts[feature]).otherwise(0))
            values.append(value.fill_null(0.0).alias(feature))
        else:
            code = pl.col(feature).replace_strict(
                numbered(known, starts[feature]), default=0, return_dtype=pl.Int64
            )
            codes.append(code)
            values.append(pl.lit(1.0).alias(feature))
    code_table = users.select(c.cast(pl.Int64).alias(f) for f, c in zip(side, codes, strict=True))
    value_table = users.select(pl.col("place"), *values).drop("place")
    return (
        torch.tensor(code_table.to_numpy(), dtype=torch.int64),
        torch.tensor(value_table.to_numpy(), dtype=torch.float32),
    )


def _rows(rows: pl.DataFrame, users: pl.Series) -> Rows:
    """Pack the rows of one part, sorted by user."""
    owner = np.searchsorted(users.to_numpy(), rows["place"].to_numpy())
    lengths = np.bincount(owner, minlength=len(users))
    return Rows(ragged(lengths), integers(rows["number"]), torch.tensor(rows["target"].to_numpy()))
