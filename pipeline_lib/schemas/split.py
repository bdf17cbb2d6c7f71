"""The schemas of a split's tables."""

import pandera.polars as pa

from pipeline_lib.schemas.columns import FOLDS, GROUPS, PARTS, name, one_of, rating, table

TRAIN_USERS = table({"user": name(unique=True)})
VALIDATION_USERS = table({"user": name(unique=True), "group": one_of(GROUPS)})
ITEMS = table({"item": name(unique=True)})
SPLIT_USERS = table({"user": name(unique=True), "fold": one_of(FOLDS), "group": one_of(GROUPS)})

DROPPED = table({"user": name(unique=True), "reason": name()})


def split_rows(scale: tuple[float, float]) -> pa.DataFrameSchema:
    """Return the schema of the split's interactions, each in one part of one fold.

    A row's fold is its user's, but for test rows of users whom training has other rows of.
    """
    interaction = {"user": name(), "item": name(), "target": rating(scale)}
    assigned = {"fold": one_of(FOLDS), "part": one_of(PARTS)}
    return table({**interaction, **assigned}, unique=["user", "item"])
