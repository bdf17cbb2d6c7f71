"""Turn clean, partitioned tables into tensors."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray

from pipeline_lib.data.vocabulary import Vocabulary, encode_values, fit_vocabulary
from pipeline_lib.episodes import Catalogue, Episodes, Ragged, Rows
from pipeline_lib.schemas.columns import FOLDS


@dataclass(frozen=True)
class EncodedSplit:
    """A split as tensors: the episodes of each fold, the items, and what the codes mean.

    train_users: `user`, in the order of the training fold.
    """

    vocabulary: Vocabulary
    catalogue: Catalogue
    folds: dict[str, Episodes]
    train_users: pl.DataFrame


def encode_split(
    users: pl.DataFrame, items: pl.DataFrame, split_users: pl.DataFrame, rows: pl.DataFrame
) -> EncodedSplit:
    """Encode clean users and items and the split's users and interactions.

    Values are numbered by what training users are and met; no other user adds one.
    """
    profiles = split_users.join(users, on="user", validate="1:1").sort("user")
    training = pl.col("fold") == "train"
    met = rows.filter(training)["item"].implode()
    vocabulary = fit_vocabulary(
        profiles.filter(training).select(users.columns), items.filter(pl.col("item").is_in(met))
    )
    folds = {fold: encode_fold(fold, profiles, rows, items, vocabulary) for fold in FOLDS}
    train_users = profiles.filter(training).select("user")
    return EncodedSplit(vocabulary, encode_catalogue(items, vocabulary), folds, train_users)


def encode_catalogue(items: pl.DataFrame, vocabulary: Vocabulary) -> Catalogue:
    """Encode every item; unknown values are left out of its bags.

    items: `item` and a list column a feature; an item's place in the catalogue is its row.
    """
    features = encode_values(vocabulary.item)
    rows = items.with_row_index("row")
    codes = [
        _bag_codes(rows, feature, number, codes, len(features))
        for number, (feature, codes) in enumerate(features.items())
    ]
    known = pl.concat(codes).sort("bag", maintain_order=True)
    lengths = np.bincount(known["bag"].to_numpy(), minlength=items.height * len(features))
    return Catalogue(_ragged(lengths), _tensor(known["code"]), len(features))


def _bag_codes(
    rows: pl.DataFrame, feature: str, number: int, codes: Mapping[str, int], features: int
) -> pl.DataFrame:
    code = pl.col(feature).replace_strict(codes, default=None, return_dtype=pl.Int64)
    long = rows.select("row", feature).explode(feature)
    bag = pl.col("row").cast(pl.Int64) * features + number
    return long.select(bag.alias("bag"), code.alias("code")).drop_nulls()


def encode_fold(
    fold: str,
    profiles: pl.DataFrame,
    rows: pl.DataFrame,
    items: pl.DataFrame,
    vocabulary: Vocabulary,
) -> Episodes:
    """Encode the users of one fold.

    profiles: `user`, `fold` and a column a feature, one row a user of the split. rows: the
    split's interactions. items: as for `encode_catalogue`.
    """
    numbered = profiles.with_row_index("place").filter(pl.col("fold") == fold)
    places = pl.Series(range(items.height), dtype=pl.Int64)
    local = rows.filter(pl.col("fold") == fold).with_columns(
        pl.col("item").replace_strict(items["item"], places)
    )
    return Episodes(
        user=_tensor(numbered["place"]),
        codes=_user_codes(numbered, vocabulary),
        support=_rows(local, "support", numbered["user"]),
        query=_rows(local, "query", numbered["user"]),
    )


def _user_codes(users: pl.DataFrame, vocabulary: Vocabulary) -> torch.Tensor:
    coded = users.select(
        pl.col(feature).replace_strict(codes, default=0, return_dtype=pl.Int64)
        for feature, codes in encode_values(vocabulary.user).items()
    )
    return torch.tensor(coded.to_numpy(), dtype=torch.int64)


def _rows(rows: pl.DataFrame, part: str, users: pl.Series) -> Rows:
    order = pl.DataFrame({"user": users, "rank": range(len(users))})
    own = rows.filter(pl.col("part") == part).join(order, on="user").sort("rank", "item")
    lengths = np.bincount(own["rank"].to_numpy(), minlength=len(users))
    return Rows(_ragged(lengths), _tensor(own["item"]), torch.tensor(own["target"].to_numpy()))


def _ragged(lengths: NDArray[np.int64]) -> Ragged:
    return Ragged(torch.tensor(np.concatenate(([0], lengths.cumsum())), dtype=torch.int64))


def _tensor(values: pl.Series) -> torch.Tensor:
    return torch.tensor(values.to_numpy(), dtype=torch.int64)
