"""Choose the cold-start users."""

import math

import polars as pl

from pipeline_lib.partition.shares import exact


def cold_users(interactions: pl.DataFrame, share: float, min_interactions: int) -> pl.Series:
    """Keep the `share` of users with fewest interactions, then those with enough of them.

    Ties are broken by the user's name. Source: Yu et al. 2021, "Datasets", steps 1 and 3.
    """
    counts = interactions.group_by("user").len().sort("len", "user")
    coldest = counts.head(math.floor(exact(share) * counts.height))
    return coldest.filter(pl.col("len") >= min_interactions)["user"].sort()
