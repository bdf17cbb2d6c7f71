"""Cold items, and in which fold a row is where test users are judged in one of four quadrants."""

import math

import polars as pl

from pipeline_lib.partition.rules import exact
from pipeline_lib.seeds import combine_keys, hash_keys
from pipeline_lib.settings.partition import Quadrant


def draw_cold_items(items: pl.Series, share: float, seed: int) -> pl.Series:
    """Draw a share of the items, rounded up; each one's place depends on its name and the seed."""
    drawn = pl.DataFrame({"item": items, "key": hash_keys(items, seed)}).sort("key", "item")
    return drawn.head(math.ceil(exact(share) * drawn.height))["item"]


def assign_row_folds(
    rows: pl.DataFrame, cold_items: pl.Series, quadrant: Quadrant, seed: int
) -> pl.DataFrame:
    """Return the rows with the fold that each is in, null where it takes no part.

    rows: `user`, `item` and `fold`, their user's. Training and validation have rows with warm items
    alone. Cold test users keep the rows with the quadrant's items; warm ones are judged on these
    and in training with the others; where all have to be warm, a half of each, drawn, less the odd
    one. Source: Lee et al. 2019, MeLU.
    """
    cold, test = pl.col("item").is_in(cold_items.implode()), pl.col("fold") == "test"
    wanted = cold if quadrant.items == "cold" else ~cold
    others = pl.lit(None, pl.String)
    if quadrant.users == "warm" and quadrant.items == "cold":
        others = pl.lit("train")
    elif quadrant.users == "warm":
        keys = combine_keys(hash_keys(rows["user"], seed), hash_keys(rows["item"], seed))
        rows = rows.with_columns(pl.when(~cold).then(keys).alias("key"))
        wanted &= _is_of_first_half()
        others = pl.when(~cold).then(pl.lit("train"))
    of_test = pl.when(wanted).then(pl.lit("test")).otherwise(others)
    of_others = pl.when(~cold).then("fold")
    fold = pl.when(test).then(of_test).otherwise(of_others)
    return rows.with_columns(fold.alias("fold")).drop("key", strict=False)


def _is_of_first_half() -> pl.Expr:
    """Return whether a row's key is among the lower half of its user's that are not null."""
    key = pl.col("key")
    return (key.rank("ordinal") <= key.count() // 2).over("user").fill_null(value=False)
