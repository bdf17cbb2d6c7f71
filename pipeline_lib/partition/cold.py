"""Choose the cold-start users."""

import math

import polars as pl

from pipeline_lib.partition.shares import exact
from pipeline_lib.settings.partition import Partition

NO_ROWS = "no interactions"


def choose_users(counts: pl.DataFrame, rules: Partition) -> pl.DataFrame:
    """Tell which users are kept: `user`, `reason`, null for those kept.

    counts: `user`, `problem` (null where all features are sound), `interactions`, `clicked`. Only
    users with interactions are ranked; ties are broken by the user's name. A user has the reason
    of the first step that drops it. Source: Yu et al. 2021, "Datasets", steps 1 and 3.
    """
    ranked = counts.filter(pl.col("interactions") > 0).sort("interactions", "user")
    if rules.order == "cold-first":
        coldest = ranked.head(_share(ranked, rules))
        steps = [_not_among(coldest, rules), *_filters(rules)]
    else:
        sound = ranked.filter(pl.coalesce(*_filters(rules)).is_null())
        steps = [*_filters(rules), _not_among(sound.head(_share(sound, rules)), rules)]
    idle = pl.when(pl.col("interactions") == 0).then(pl.lit(NO_ROWS))
    return counts.select("user", pl.coalesce(idle, *steps).alias("reason")).sort("user")


def _share(users: pl.DataFrame, rules: Partition) -> int:
    return math.floor(exact(rules.cold_share) * users.height)


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
