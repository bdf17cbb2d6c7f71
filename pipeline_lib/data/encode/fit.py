"""Fit a split's vocabulary and scales to its training users, and encode all items with them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipeline_lib.data.encode.catalogue import encode_catalogue
from pipeline_lib.data.encode.derived import derive
from pipeline_lib.data.encode.tables import CleanTables
from pipeline_lib.data.encode.vocabulary import CONSTANT, ID, Scale, Vocabulary, fit_side
from pipeline_lib.episodes.format import Catalogue
from pipeline_lib.schemas.split import ITEMS, TRAIN_USERS, VALIDATION_USERS
from pipeline_lib.settings.features import AnyFeature
from pipeline_lib.storage.tables import write_json, write_table


@dataclass(frozen=True)
class Fitted:
    """A split's vocabulary, its users of training and validation, and its items as tensors.

    train_users: `user`, in the order of the training fold. validation_users: `user`, `group`, in
    the order of the validation fold. items: `item`, in the order of the catalogue.
    """

    vocabulary: Vocabulary
    catalogue: Catalogue
    train_users: pl.DataFrame
    validation_users: pl.DataFrame
    items: pl.DataFrame

    def save(self, out: Mapping[str, Path]) -> None:
        """Write each part to the file of its name; `names`: of the items."""
        self.catalogue.save(out["catalogue"])
        write_json(self.vocabulary, out["vocabulary"])
        write_table(self.train_users, TRAIN_USERS, out["train_users"])
        write_table(self.validation_users, VALIDATION_USERS, out["validation_users"])
        write_table(self.items, ITEMS, out["names"])


def fit_split(tables: CleanTables, item_features: Mapping[str, AnyFeature]) -> Fitted:
    """Fit values, scales and rates to training users, their interactions and events alone.

    item_features: those that the items have, read or computed. Without any, an item's id is its
    one feature; without features of users, all have one constant.
    """
    ordered = tables.split_users.sort("user")
    training = ordered.filter(pl.col("fold") == "train").join(
        tables.profiles, on="user", validate="1:1", maintain_order="left"
    )
    training_rows = tables.rows.filter(pl.col("fold") == "train")
    events, groups = _events_by_group(tables.events, training["user"])
    items = derive(tables.items, item_features, training_rows, events, groups)
    if not item_features:
        items = items.with_columns(pl.col("item").alias(ID))
    profiles = training.drop("user", "fold", "group")
    vocabulary = Vocabulary(
        user=fit_side(profiles, _counts(training["user"], training_rows)) or {CONSTANT: [CONSTANT]},
        item=_fit_items(items, training_rows),
    )
    return Fitted(
        vocabulary,
        encode_catalogue(items, vocabulary),
        training.select("user"),
        ordered.filter(pl.col("fold") == "validation").select("user", "group"),
        items.select("item"),
    )


def _events_by_group(events: pl.LazyFrame, users: pl.Series) -> tuple[pl.DataFrame, list[str]]:
    """Sum the users' `hits` and `trials` by group; return the sums and the groups' columns."""
    counts = {"hits", "trials"}
    groups = [c for c in events.collect_schema() if c not in {"user", "events", *counts}]
    own = events.join(users.to_frame().lazy(), on="user", how="semi")
    summed = own.group_by(groups).agg(pl.col("hits", "trials").sum()) if groups else own
    return summed.collect(engine="streaming"), groups


def _fit_items(items: pl.DataFrame, training_rows: pl.LazyFrame) -> dict[str, list[str] | Scale]:
    rows = _counts(items["item"], training_rows)
    seen = items.filter(rows > 0)
    return fit_side(seen.drop("item"), rows.filter(rows > 0))


def _counts(names: pl.Series, rows: pl.LazyFrame) -> pl.Series:
    """Count the rows of each user or item, in the order of their names."""
    counted = rows.group_by(names.name).agg(pl.len().alias("count")).collect(engine="streaming")
    all_names = names.to_frame().join(counted, on=names.name, how="left", maintain_order="left")
    return all_names["count"].fill_null(0)
