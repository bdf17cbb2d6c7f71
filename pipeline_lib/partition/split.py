"""Partition clean logs: cold users, folds, support and query, major and minor."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from pipeline_lib.partition.negatives import draw_negatives
from pipeline_lib.partition.rules import (
    assign_folds,
    assign_groups,
    assign_groups_by_activity,
    assign_parts,
    choose_users,
    common_values,
)
from pipeline_lib.partition.summary import ColdBorder, NegativeCount, SplitSummary
from pipeline_lib.schemas.columns import FOLDS
from pipeline_lib.seeds import derive_seed
from pipeline_lib.settings.partition import Partition

ROWS_PER_SLICE = 1_000_000


class PartitionError(Exception):
    """There are too few cold users to fill every fold."""


@dataclass(frozen=True)
class Split:
    """A partitioned log.

    users: `user`, `fold`, `group`. interactions: `user`, `item`, `target`, `fold`, `part`.
    dropped: `user`, `reason`, the clean users that are not among `users`.
    """

    users: pl.DataFrame
    interactions: pl.DataFrame
    dropped: pl.DataFrame
    summary: SplitSummary


def partition(
    users: pl.DataFrame,
    interactions: pl.LazyFrame,
    group_features: Sequence[str],
    rules: Partition,
    seed: int,
) -> Split:
    """Split clean users and interactions (Yu et al. 2021, "Datasets" and "Major and minor users").

    users: `user`, `problem` and a column a feature. interactions: `user`, `item`, `target`.
    group_features: those by which major users differ from minor ones; without any they differ by
    activity. Raises PartitionError when the cold users are too few to fill every fold.
    """
    counts = _counts(users, interactions)
    reasons, border = choose_users(counts, rules, derive_seed(seed, "cold"))
    cold = reasons.filter(pl.col("reason").is_null())["user"]
    dropped = reasons.filter(pl.col("reason").is_not_null())
    folds = assign_folds(cold, rules.folds, derive_seed(seed, "folds"))
    if folds["fold"].n_unique() < len(FOLDS):
        raise PartitionError(
            f"{len(cold)} cold users are too few for training, validation and test; the others: "
            f"{_by_reason(dropped)}. Bring more users, or change the rules under `partition`"
        )
    profiles = users.filter(pl.col("user").is_in(cold.implode()))
    if group_features:
        groups = assign_groups(profiles, group_features, rules.top_share, rules.major_features)
    else:
        groups = assign_groups_by_activity(counts.filter(pl.col("user").is_in(cold.implode())))
    own, negatives = _rows(interactions, folds, rules, seed)
    rows = assign_parts(own, rules.query_share, derive_seed(seed, "parts")).sort("user", "item")
    chosen = folds.join(groups, on="user").sort("user")
    shares = {f: _share_with_common(profiles, f, rules.top_share) for f in group_features}
    summary = _summary(chosen, rows, dropped, border, negatives, shares, seed)
    return Split(chosen, rows, dropped, summary)


def _rows(
    interactions: pl.LazyFrame, folds: pl.DataFrame, rules: Partition, seed: int
) -> tuple[pl.DataFrame, NegativeCount | None]:
    """Return the users' rows with their fold, and the number of negatives where such are drawn."""
    whole = interactions.select("user", "item", "target")
    own = whole.join(folds.lazy(), on="user").collect(engine="streaming")
    if not rules.negatives:
        return own, None
    items = interactions.select("item").unique().collect(engine="streaming")["item"]
    seed = derive_seed(seed, "negatives")
    drawn, count = draw_negatives(own, items, rules.negatives, seed)
    return pl.concat([own, drawn]), count


def _summary(
    users: pl.DataFrame,
    rows: pl.DataFrame,
    dropped: pl.DataFrame,
    border: ColdBorder | None,
    negatives: NegativeCount | None,
    shares: dict[str, float],
    seed: int,
) -> SplitSummary:
    return SplitSummary(
        sha256=split_hash(users, rows),
        seed=seed,
        clean_users=users.height + dropped.height,
        users_dropped=_by_reason(dropped),
        cold_border=border,
        negatives=negatives,
        users=users.height,
        items=rows["item"].n_unique(),
        interactions=rows.height,
        users_by_fold=dict(users["fold"].value_counts(sort=True).iter_rows()),
        users_by_group=dict(users["group"].value_counts(sort=True).iter_rows()),
        common_value_share=shares,
    )


def _counts(users: pl.DataFrame, interactions: pl.LazyFrame) -> pl.DataFrame:
    """Count each user's interactions and clicks."""
    counted = interactions.group_by("user").agg(
        pl.len().cast(pl.Int64).alias("interactions"),
        (pl.col("target") > 0).sum().cast(pl.Int64).alias("clicked"),
    )
    all_users = users.lazy().select("user", "problem").join(counted, on="user", how="left")
    return all_users.with_columns(pl.col("interactions", "clicked").fill_null(0)).collect(
        engine="streaming"
    )


def _by_reason(dropped: pl.DataFrame) -> dict[str, int]:
    counts = dropped["reason"].value_counts().sort(["count", "reason"], descending=[True, False])
    return dict(counts.iter_rows())


def _share_with_common(profiles: pl.DataFrame, feature: str, top_share: float) -> float:
    common = common_values(profiles, feature, top_share)
    having = profiles[feature].is_in(common.implode())
    return int(having.sum()) / profiles.height


def split_hash(users: pl.DataFrame, rows: pl.DataFrame) -> str:
    """Return a SHA-256 of each user's fold and group and each row's part, whatever their order."""
    digest = hashlib.sha256()
    for frame, columns in ((users, ["user", "fold", "group"]), (rows, ["user", "item", "part"])):
        ordered = frame.select(columns).sort(columns)
        digest.update((",".join(columns) + "\n").encode())
        for part in ordered.iter_slices(ROWS_PER_SLICE):
            digest.update(part.write_csv(include_header=False).encode())
    return digest.hexdigest()
