"""Encode the users of each fold, all of them or a shard."""

import numpy as np
import polars as pl
import torch

from pipeline_lib.data.encode.vocabulary import (
    CONSTANT,
    Scale,
    Side,
    Vocabulary,
    codes_of,
    first_codes,
    standardised,
)
from pipeline_lib.episodes.format import Episodes, Rows, integers, ragged
from pipeline_lib.schemas.columns import FOLDS


def indexed(split_users: pl.LazyFrame) -> pl.LazyFrame:
    """Sort the split's users and add the column `user_index`."""
    return split_users.sort("user").with_row_index("user_index")


def encode_folds(
    profiles: pl.DataFrame, rows: pl.LazyFrame, items: pl.Series, vocabulary: Vocabulary
) -> dict[str, Episodes]:
    """Encode the users of each fold.

    profiles: `user_index`, rising, `user`, `fold` and a column a feature, one row a user. rows:
    the split's interactions. items: names in the catalogue's order.
    """
    indexed_items = items.alias("item").to_frame().with_row_index("item_index")
    indexed_rows = (
        rows.join(profiles.lazy().select("user", "user_index"), on="user")
        .join(indexed_items.lazy(), on="item")
        .select("fold", "part", "user_index", "item_index", "target")
        .sort("user_index", "item_index")
        .collect(engine="streaming")
    )
    return {
        fold: _episodes(
            profiles.filter(pl.col("fold") == fold),
            indexed_rows.filter(pl.col("fold") == fold),
            vocabulary,
        )
        for fold in FOLDS
    }


def _episodes(users: pl.DataFrame, rows: pl.DataFrame, vocabulary: Vocabulary) -> Episodes:
    codes, values = encode_users(users, vocabulary.user)
    return Episodes(
        user=integers(users["user_index"]),
        codes=codes,
        values=values,
        support=_rows(rows.filter(pl.col("part") == "support"), users["user_index"]),
        query=_rows(rows.filter(pl.col("part") == "query"), users["user_index"]),
    )


def encode_users(users: pl.DataFrame, side: Side) -> tuple[torch.Tensor, torch.Tensor]:
    """Return users' codes [users, features] int64 and values [users, features] float32.

    users: `user_index` and a column a feature.
    """
    users = users.with_columns(pl.lit(CONSTANT).alias(CONSTANT))
    starts = first_codes(side)
    codes, values = [], []
    for feature, known in side.items():
        if isinstance(known, Scale):
            value = standardised(pl.col(feature), known)
            codes.append(pl.when(value.is_not_null()).then(starts[feature]).otherwise(0))
            values.append(value.fill_null(0.0).alias(feature))
        else:
            code = pl.col(feature).replace_strict(
                codes_of(known, starts[feature]), default=0, return_dtype=pl.Int64
            )
            codes.append(code)
            values.append(pl.lit(1.0).alias(feature))
    code_table = users.select(c.cast(pl.Int64).alias(f) for f, c in zip(side, codes, strict=True))
    value_table = users.select(pl.col("user_index"), *values).drop("user_index")
    return (
        torch.tensor(code_table.to_numpy(), dtype=torch.int64),
        torch.tensor(value_table.to_numpy(), dtype=torch.float32),
    )


def _rows(rows: pl.DataFrame, users: pl.Series) -> Rows:
    """Pack the rows of one part, sorted by user."""
    owner = np.searchsorted(users.to_numpy(), rows["user_index"].to_numpy())
    lengths = np.bincount(owner, minlength=len(users))
    return Rows(
        ragged(lengths), integers(rows["item_index"]), torch.tensor(rows["target"].to_numpy())
    )
