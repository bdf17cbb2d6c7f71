"""The rules of a partition: cold users, folds, support and query, major and minor groups."""

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate

import numpy as np
import polars as pl

from pipeline_lib.partition.summary import ColdBorder
from pipeline_lib.schemas.columns import FOLDS
from pipeline_lib.seeds import combine_keys, hash_keys
from pipeline_lib.settings.partition import FoldShares, Partition

NO_ROWS = "no interactions"


def exact(share: float) -> Fraction:
    """Return a share as the decimal that was written: 0.3 of 10 is 3, not 3.0000000000000004."""
    return Fraction(str(share))


def choose_users(
    counts: pl.DataFrame, rules: Partition, seed: int
) -> tuple[pl.DataFrame, ColdBorder | None]:
    """Return why each user is dropped, and the border of the cold share where ties were drawn.

    counts: `user`, `problem` (null where all features are sound), `interactions`, `clicked`. Only
    users with interactions are ranked; ties are drawn: they depend on the users' names and the
    seed alone. Reasons: `user`, `reason` of the first step that drops the user, null for the
    chosen ones. Source: Yu et al. 2021, "Datasets", steps 1 and 3.
    """
    idle = pl.when(pl.col("interactions") == 0).then(pl.lit(NO_ROWS))
    filters, ranked = _filters(rules), _ranked(counts.filter(pl.col("interactions") > 0), seed)
    if rules.order == "filters-first":
        ranked = ranked.filter(pl.coalesce(*filters).is_null())
    among = math.floor(exact(rules.cold_share) * ranked.height)
    cold = _not_among(ranked.head(among), rules)
    steps = [cold, *filters] if rules.order == "cold-first" else [*filters, cold]
    reasons = counts.select("user", pl.coalesce(idle, *steps).alias("reason")).sort("user")
    return reasons, _border(ranked["interactions"], among)


def assign_folds(users: pl.Series, shares: FoldShares, seed: int) -> pl.DataFrame:
    """Return each user's fold, drawn at random: `user`, `fold`, sorted by user.

    The folds end at the shares' sums, halves rounded up; a user's fold depends on all the names
    and the seed alone.
    """
    shuffled = pl.DataFrame({"user": users, "key": hash_keys(users, seed)}).sort("key", "user")
    parts = [getattr(shares, fold) for fold in FOLDS]
    ends = [(2 * upto * len(users) + sum(parts)) // (2 * sum(parts)) for upto in accumulate(parts)]
    folds = np.repeat(FOLDS, np.diff(ends, prepend=0))
    return shuffled.select("user", pl.Series("fold", folds, pl.String)).sort("user")


def assign_parts(interactions: pl.DataFrame, query_share: float, seed: int) -> pl.DataFrame:
    """Add the column `part`: each user's interactions at random into support and query.

    The query part has `query_share` of them, halves rounded up, at least one row, and leaves the
    support one. A user's parts depend on that user's interactions and the seed alone.
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


def assign_groups(
    users: pl.DataFrame, features: Sequence[str], share: float, major_features: int
) -> pl.DataFrame:
    """Return each user's group: `user`, `group`.

    A user is major who has common values (see `common_values`) in at least `major_features` of
    the features. Source: Yu et al. 2021, "Major and minor users".
    """
    common = [
        pl.col(f).is_in(common_values(users, f, share).implode()).cast(pl.Int64) for f in features
    ]
    major = pl.sum_horizontal(common) >= major_features
    group = pl.when(major).then(pl.lit("major")).otherwise(pl.lit("minor"))
    return users.select("user", group.alias("group"))


def assign_groups_by_activity(rows: pl.DataFrame) -> pl.DataFrame:
    """Return each user's group: `user`, `group`.

    rows: `user`, the number of `interactions`. A user is major who has at least as many as the
    median user.
    """
    major = pl.col("interactions") >= pl.col("interactions").median()
    group = pl.when(major).then(pl.lit("major")).otherwise(pl.lit("minor"))
    return rows.select("user", group.alias("group"))


def common_values(users: pl.DataFrame, feature: str, share: float) -> pl.Series:
    """Return the `share` of a feature's values (rounded up) that most users have.

    Ties are broken by the value; null, an unknown value, does not count. Source: Yu et al. 2021,
    "Major and minor users", and Table 1.
    """
    known = users[feature].drop_nulls()
    counts = known.value_counts().sort(["count", feature], descending=[True, False])
    return counts.head(math.ceil(exact(share) * counts.height))[feature]


def _ranked(users: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Sort users by their interactions; draw the order of those who have as many."""
    keys = hash_keys(users["user"], seed).alias("key")
    return users.with_columns(keys).sort("interactions", "key", "user")


def _border(interactions: pl.Series, among: int) -> ColdBorder | None:
    """Return the border within sorted numbers of interactions, None where it parts no ties."""
    if not 0 < among < len(interactions) or interactions[among - 1] != interactions[among]:
        return None
    tied = interactions == interactions[among]
    return ColdBorder(
        interactions=interactions[among], users=tied.sum(), kept=tied.head(among).sum()
    )


def _filters(rules: Partition) -> list[pl.Expr]:
    fewest = {"interactions": rules.min_interactions, "clicked": rules.min_clicked}
    words = {"interactions": "interactions", "clicked": "clicked items"}
    return [
        pl.col("problem"),
        *(
            pl.when(pl.col(column) < least).then(pl.lit(f"fewer than {least} {words[column]}"))
            for column, least in fewest.items()
        ),
    ]


def _not_among(coldest: pl.DataFrame, rules: Partition) -> pl.Expr:
    among = pl.col("user").is_in(coldest["user"].implode())
    percent = float(100 * exact(rules.cold_share))
    reason = f"not among the {percent:g} % with fewest interactions"
    return pl.when(~among).then(pl.lit(reason))
