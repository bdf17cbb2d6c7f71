"""The rules of a partition: cold users, folds, major and minor groups."""

import math
from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction
from itertools import accumulate

import numpy as np
import polars as pl

from pipeline_lib.partition.summary import ColdBorder
from pipeline_lib.schemas.columns import FOLDS
from pipeline_lib.seeds import hash_keys
from pipeline_lib.settings.partition import FoldShares, Partition

# Reasons, or how they begin, by which a report sorts them.
NO_ROWS = "no interactions"
MORE_THAN = "more than "
NONE_FROM = "no interactions from "
LEAST = 2  # rows of a user: one to adapt on, one to be judged on


def exact(share: float) -> Fraction:
    """Return a share as the decimal that was written: 0.3 of 10 is 3, not 3.0000000000000004."""
    return Fraction(str(share))


def find_drop_reasons(
    counts: pl.DataFrame, rules: Partition, seed: int
) -> tuple[pl.DataFrame, ColdBorder | None]:
    """Return why each user is dropped, and the border of the cold share where ties were drawn.

    counts: `user`, `problem` (null where all features are sound), `interactions`, `clicked`; with
    a cut `before`, the interactions before it, and with a quadrant `cold` and `warm`, those with
    such items. Only users with interactions are ranked; ties are drawn: they depend on the users'
    names and the seed alone. Reasons: `user`, `reason` of the first step that drops the user, null
    for the chosen ones. Source: Yu et al. 2021, "Datasets", steps 1 and 3.
    """
    idle = pl.when(pl.col("interactions") == 0).then(pl.lit(NO_ROWS))
    ranked = _ranked(counts.filter(pl.col("interactions") > 0), seed)
    filters = [*_flaws(rules), *_limits(rules)]
    if rules.order == "filters-first":
        ranked = ranked.filter(pl.coalesce(*filters).is_null())
    among = math.floor(exact(rules.cold_share) * ranked.height)
    cold = _not_among(ranked.head(among), rules)
    steps = [cold, *filters] if rules.order == "cold-first" else [*filters, cold]
    reasons = counts.select("user", pl.coalesce(idle, *steps).alias("reason")).sort("user")
    return reasons, _border(ranked["interactions"], among)


def only_learned_from(counts: pl.DataFrame, dropped: pl.DataFrame, rules: Partition) -> pl.Series:
    """Return the dropped users that are learned from: who have rows and no flaw, sorted.

    counts, dropped: as `find_drop_reasons` takes and returns them.
    """
    if rules.learn_from == "cold":
        return dropped.clear()["user"]
    sound = pl.coalesce(*_flaws(rules)).is_null() & (pl.col("interactions") > 0)
    return counts.filter(sound).join(dropped, on="user", how="semi")["user"].sort()


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


def assign_groups(
    users: pl.DataFrame, common: Mapping[str, pl.Series], major_features: int
) -> pl.DataFrame:
    """Return each user's group: `user`, `group`.

    common: the common values of each feature that counts (see `common_values`). A user is major
    who has one in at least `major_features` of them. Source: Yu et al. 2021, "Major and minor
    users".
    """
    own = [pl.col(f).is_in(values.implode()).cast(pl.Int64) for f, values in common.items()]
    major = pl.sum_horizontal(own) >= major_features
    group = pl.when(major).then(pl.lit("major")).otherwise(pl.lit("minor"))
    return users.select("user", group.alias("group"))


def assign_groups_by_activity(rows: pl.DataFrame, judged: pl.Series) -> pl.DataFrame:
    """Return each user's group: `user`, `group`.

    rows: `user`, the number of `interactions`. A user is major who has at least as many as the
    median of the users who may be judged, `judged`.
    """
    own = pl.col("interactions").filter(pl.col("user").is_in(judged.implode()))
    major = pl.col("interactions") >= own.median()
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


def _flaws(rules: Partition) -> list[pl.Expr]:
    """Return why a user can be neither judged nor learned from, null where not."""
    flaws = [
        pl.col("problem"),
        _fewer("interactions", rules.fewest, "interactions"),
        _fewer("clicked", rules.min_clicked, "clicked items"),
    ]
    if rules.cut:
        flaws.append(_fewer("before", LEAST, f"interactions before {_day(rules.cut)}"))
    if rules.quadrant:
        flaws.append(_fewer("warm", rules.fewest, "interactions with warm items"))
    return flaws


def _limits(rules: Partition) -> list[pl.Expr]:
    """Return why a user cannot be judged, but can be learned from, null where not."""
    limits: list[pl.Expr] = []
    if rules.max_interactions:
        reason = f"{MORE_THAN}{rules.max_interactions} interactions"
        more = pl.col("interactions") > rules.max_interactions
        limits.append(pl.when(more).then(pl.lit(reason)))
    if rules.cut:
        none = pl.col("interactions") == pl.col("before")
        limits.append(pl.when(none).then(pl.lit(f"{NONE_FROM}{_day(rules.cut)} on")))
    if rules.quadrant:  # what any of the four asks for, so that all have the same users
        limits.append(_fewer("cold", rules.fewest, "interactions with cold items"))
        limits.append(_fewer("warm", 2 * rules.fewest, "interactions with warm items"))
    return limits


def _fewer(column: str, least: int, what: str) -> pl.Expr:
    return pl.when(pl.col(column) < least).then(pl.lit(f"fewer than {least} {what}"))


def _day(cut: datetime) -> str:
    return f"{cut:%Y-%m-%d %H:%M}"


def _not_among(coldest: pl.DataFrame, rules: Partition) -> pl.Expr:
    among = pl.col("user").is_in(coldest["user"].implode())
    percent = float(100 * exact(rules.cold_share))
    reason = f"not among the {percent:g} % with fewest interactions"
    return pl.when(~among).then(pl.lit(reason))
