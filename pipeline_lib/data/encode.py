"""Turn clean, partitioned tables into tensors."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray

from pipeline_lib.data.derived import derive
from pipeline_lib.data.vocabulary import Scale, Side, Vocabulary, first_codes, fit_side, numbered
from pipeline_lib.episodes import Catalogue, Episodes, Ragged, Rows
from pipeline_lib.schemas.columns import FOLDS
from pipeline_lib.settings.features import AnyFeature

MOST_DEVIATIONS = 5.0


@dataclass(frozen=True)
class CleanTables:
    """What is encoded.

    users, items, events: the clean tables. split_users, rows: the split's.
    """

    users: pl.DataFrame
    items: pl.DataFrame
    events: pl.LazyFrame
    split_users: pl.DataFrame
    rows: pl.DataFrame


@dataclass(frozen=True)
class EncodedSplit:
    """A split as tensors: the episodes of each fold, the items, and what the codes mean.

    train_users: `user`, in the order of the training fold. validation_users: `user`, `group`, in
    the order of the validation fold. items: `item`, in the order of the catalogue.
    """

    vocabulary: Vocabulary
    catalogue: Catalogue
    folds: dict[str, Episodes]
    train_users: pl.DataFrame
    validation_users: pl.DataFrame
    items: pl.DataFrame


def encode_split(tables: CleanTables, item_features: Mapping[str, AnyFeature]) -> EncodedSplit:
    """Encode a split's users, all items and the split's interactions.

    item_features: those that the items have, read or computed. Values are numbered, numbers
    standardised and rates computed by what training users are, met and did; no other user counts.
    """
    features = [f for f in tables.users.columns if f not in {"user", "problem"}]
    people = tables.users.select("user", *features)
    profiles = tables.split_users.join(people, on="user", validate="1:1").sort("user")
    training = profiles.filter(pl.col("fold") == "train")
    met = tables.rows.filter(pl.col("fold") == "train")
    events, groups = _events_by_group(tables.events, training["user"])
    items = derive(tables.items, item_features, met, events, groups)
    vocabulary = Vocabulary(
        user=fit_side(training.select(features), _counts(training["user"], met)),
        item=_fit_items(items, met),
    )
    return EncodedSplit(
        vocabulary,
        encode_catalogue(items, vocabulary),
        encode_folds(profiles, tables.rows, items["item"], vocabulary),
        training.select("user"),
        profiles.filter(pl.col("fold") == "validation").select("user", "group"),
        items.select("item"),
    )


def _events_by_group(events: pl.LazyFrame, users: pl.Series) -> tuple[pl.DataFrame, list[str]]:
    """Sum the users' `hits` and `trials` by group, never holding users' events; name the groups."""
    counts = {"hits", "trials"}
    groups = [c for c in events.collect_schema() if c not in {"user", "events", *counts}]
    own = events.join(users.to_frame().lazy(), on="user", how="semi")
    summed = own.group_by(groups).agg(pl.col("hits", "trials").sum()) if groups else own
    return summed.collect(engine="streaming"), groups


def _fit_items(items: pl.DataFrame, met: pl.DataFrame) -> dict[str, list[str] | Scale]:
    rows = _counts(items["item"], met)
    seen = items.filter(rows > 0)
    return fit_side(seen.drop("item"), rows.filter(rows > 0))


def _counts(names: pl.Series, rows: pl.DataFrame) -> pl.Series:
    """Count the rows of each name, a user's or an item's."""
    counted = names.to_frame().join(
        rows[names.name].value_counts(), on=names.name, how="left", maintain_order="left"
    )
    return counted["count"].fill_null(0)


def encode_catalogue(items: pl.DataFrame, vocabulary: Vocabulary) -> Catalogue:
    """Encode every item; unknown values are left out of its bags.

    items: `item` and a column a feature; an item's place in the catalogue is its row.
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
    return Catalogue(_ragged(lengths), _tensor(known["code"]), weights, len(features))


def _bags(column: pl.Series, known: list[str] | Scale, start: int) -> pl.DataFrame:
    """Encode one feature: `row`, `code`, `weight` of each known value."""
    value = pl.col(column.name)
    rows = column.to_frame().select(pl.int_range(pl.len(), dtype=pl.Int64).alias("row"), value)
    if isinstance(known, Scale):
        coded = rows.select(
            "row",
            pl.lit(start, pl.Int64).alias("code"),
            _standardised(value, known).alias("weight"),
        )
        return coded.drop_nulls()
    if column.dtype == pl.List:
        rows = rows.explode(column.name)
    codes = numbered(known, start)
    code = value.replace_strict(codes, default=None, return_dtype=pl.Int64)
    coded = rows.select("row", code.alias("code")).drop_nulls()
    return coded.with_columns((1 / pl.len().over("row")).alias("weight"))


def _standardised(value: pl.Expr, scale: Scale) -> pl.Expr:
    """Standardise numbers; none is let further than five standard deviations from the mean."""
    return ((value - scale.mean) / scale.sd).clip(-MOST_DEVIATIONS, MOST_DEVIATIONS)


def encode_folds(
    profiles: pl.DataFrame, rows: pl.DataFrame, items: pl.Series, vocabulary: Vocabulary
) -> dict[str, Episodes]:
    """Encode the users of each fold.

    profiles: `user`, `fold` and a column a feature, one row a user of the split. rows: the
    split's interactions. items: names in the catalogue's order.
    """
    placed = profiles.with_row_index("place")
    numbered_items = items.alias("item").to_frame().with_row_index("number")
    local = (
        rows.lazy()
        .join(placed.lazy().select("user", "place"), on="user")
        .join(numbered_items.lazy(), on="item")
        .select("fold", "part", "place", "number", "target")
        .sort("place", "number")
        .collect()
    )
    return {
        fold: _episodes(
            placed.filter(pl.col("fold") == fold), local.filter(pl.col("fold") == fold), vocabulary
        )
        for fold in FOLDS
    }


def _episodes(users: pl.DataFrame, rows: pl.DataFrame, vocabulary: Vocabulary) -> Episodes:
    codes, values = encode_users(users, vocabulary.user)
    return Episodes(
        user=_tensor(users["place"]),
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
            value = _standardised(pl.col(feature), known)
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
    return Rows(_ragged(lengths), _tensor(rows["number"]), torch.tensor(rows["target"].to_numpy()))


def _ragged(lengths: NDArray[np.int64]) -> Ragged:
    return Ragged(torch.tensor(np.concatenate(([0], lengths.cumsum())), dtype=torch.int64))


def _tensor(values: pl.Series) -> torch.Tensor:
    return torch.tensor(values.to_numpy(), dtype=torch.int64)
