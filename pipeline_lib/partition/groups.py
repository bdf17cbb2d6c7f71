"""Tell major from minor users."""

import math
from collections.abc import Sequence

import polars as pl

from pipeline_lib.partition.shares import exact


def common_values(users: pl.DataFrame, feature: str, share: float) -> pl.Series:
    """List the `share` of a feature's values (rounded up) that most users have.

    Ties are broken by the value; an unknown one, null, is none. Source: Yu et al. 2021, "Major and
    minor users", and Table 1.
    """
    known = users[feature].drop_nulls()
    counts = known.value_counts().sort(["count", feature], descending=[True, False])
    return counts.head(math.ceil(exact(share) * counts.height))[feature]


def assign_groups(
    users: pl.DataFrame, features: Sequence[str], share: float, major_features: int
) -> pl.DataFrame:
    """Call a user major who has common values in at least `major_features` features.

    Returns `user`, `group`.
    """
    common = [
        pl.col(f).is_in(common_values(users, f, share).implode()).cast(pl.Int64) for f in features
    ]
    major = pl.sum_horizontal(common) >= major_features
    group = pl.when(major).then(pl.lit("major")).otherwise(pl.lit("minor"))
    return users.select("user", group.alias("group"))
