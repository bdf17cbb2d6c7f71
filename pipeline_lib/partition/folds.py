"""Put users into folds, and each user's interactions into support and query."""

from itertools import accumulate

import polars as pl

from pipeline_lib.partition.shares import exact
from pipeline_lib.schemas.columns import FOLDS
from pipeline_lib.seeds import combine_keys, hash_keys
from pipeline_lib.settings.partition import FoldShares


def assign_folds(users: pl.Series, shares: FoldShares, seed: int) -> pl.DataFrame:
    """Split users at random into train, validation and test; return `user`, `fold`.

    The folds end at the shares' sums, halves rounded up; which user is where depends on names
    and the seed alone.
    """
    shuffled = pl.DataFrame({"user": users, "key": hash_keys(users, seed)}).sort("key", "user")
    parts = [getattr(shares, fold) for fold in FOLDS]
    ends = [(2 * upto * len(users) + sum(parts)) // (2 * sum(parts)) for upto in accumulate(parts)]
    number = pl.int_range(pl.len())
    later = pl.when(number < ends[1]).then(pl.lit(FOLDS[1])).otherwise(pl.lit(FOLDS[2]))
    fold = pl.when(number < ends[0]).then(pl.lit(FOLDS[0])).otherwise(later)
    return shuffled.select("user", fold.alias("fold")).sort("user")


def assign_parts(interactions: pl.DataFrame, query_share: float, seed: int) -> pl.DataFrame:
    """Add the column `part`: each user's interactions at random into support and query.

    Query gets the `query_share`, halves rounded up, but at least one row, and leaves support one.
    A user's split depends on that user's interactions and the seed alone.
    """
    keys = combine_keys(
        hash_keys(interactions["user"], seed), hash_keys(interactions["item"], seed)
    )
    rank = pl.col("key").rank("ordinal").over("user")
    count = pl.len().over("user").cast(pl.Int64)
    share = exact(query_share)
    rounded = (2 * share.numerator * count + share.denominator) // (2 * share.denominator)
    query = rounded.clip(1, count - 1)
    part = pl.when(rank <= query).then(pl.lit("query")).otherwise(pl.lit("support"))
    keyed = interactions.with_columns(keys.alias("key"))
    return keyed.with_columns(part.alias("part")).drop("key")
