"""Encode the users of each fold."""

import numpy as np
import polars as pl
import torch

from pipeline_lib.data.encode.users import encode_users
from pipeline_lib.data.encode.vocabulary import Vocabulary
from pipeline_lib.episodes.format import Episodes, Rows, integers, ragged
from pipeline_lib.schemas.columns import FOLDS


def encode_folds(
    profiles: pl.DataFrame, rows: pl.LazyFrame, items: pl.Series, vocabulary: Vocabulary
) -> dict[str, Episodes]:
    """Encode the users who have rows in each fold.

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
        fold: _episodes(profiles, indexed_rows.filter(pl.col("fold") == fold), vocabulary)
        for fold in FOLDS
    }


def _episodes(profiles: pl.DataFrame, rows: pl.DataFrame, vocabulary: Vocabulary) -> Episodes:
    users = profiles.join(rows, on="user_index", how="semi", maintain_order="left")
    codes, values = encode_users(users, vocabulary.user)
    return Episodes(
        user=integers(users["user_index"]),
        codes=codes,
        values=values,
        support=_rows(rows.filter(pl.col("part") == "support"), users["user_index"]),
        query=_rows(rows.filter(pl.col("part") == "query"), users["user_index"]),
    )


def _rows(rows: pl.DataFrame, users: pl.Series) -> Rows:
    """Pack the rows of one part, sorted by user."""
    owner = np.searchsorted(users.to_numpy(), rows["user_index"].to_numpy())
    lengths = np.bincount(owner, minlength=len(users))
    return Rows(
        ragged(lengths), integers(rows["item_index"]), torch.tensor(rows["target"].to_numpy())
    )
