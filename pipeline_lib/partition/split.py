"""Partition clean logs: cold users, folds, support and query, major and minor."""

import hashlib
from dataclasses import dataclass

import polars as pl

from pipeline_lib.partition.cold import cold_users
from pipeline_lib.partition.folds import assign_folds, assign_parts
from pipeline_lib.partition.groups import assign_groups, common_values
from pipeline_lib.partition.record import SplitRecord
from pipeline_lib.schemas.columns import FOLDS
from pipeline_lib.seeds import derive_seed
from pipeline_lib.settings.dataset import Partition


class PartitionError(Exception):
    """There are too few users to split."""


@dataclass(frozen=True)
class Split:
    """users: `user`, `fold`, `group`. interactions: `user`, `item`, `target`, `fold`, `part`."""

    users: pl.DataFrame
    interactions: pl.DataFrame
    record: SplitRecord


def partition(
    users: pl.DataFrame, interactions: pl.DataFrame, settings: Partition, seed: int
) -> Split:
    """Split clean users and interactions (Yu et al. 2021, "Datasets" and "Major and minor users").

    users: `user` and one column a feature. interactions: `user`, `item`, `target`. Raises
    PartitionError when the cold users are too few to fill every fold.
    """
    cold = cold_users(interactions, settings.cold_share, settings.min_interactions)
    profiles = users.filter(pl.col("user").is_in(cold.implode()))
    features = [column for column in users.columns if column != "user"]
    groups = assign_groups(profiles, features, settings.top_share, settings.major_features)
    folds = assign_folds(cold, settings.folds, derive_seed(seed, "folds"))
    rows = interactions.join(folds, on="user")
    rows = assign_parts(rows, settings.query_share, derive_seed(seed, "parts")).sort("user", "item")
    if folds["fold"].n_unique() < len(FOLDS):
        raise PartitionError(
            f"{len(cold)} cold users with at least {settings.min_interactions} interactions are "
            "too few for training, validation and test; bring more users or raise cold_share"
        )
    kept = folds.join(groups, on="user").sort("user")
    shares = {f: _share_with(profiles, f, settings.top_share) for f in features}
    return Split(kept, rows, _record(kept, rows, shares, seed))


def _share_with(profiles: pl.DataFrame, feature: str, top_share: float) -> float:
    common = common_values(profiles, feature, top_share)
    return float(profiles[feature].is_in(common.implode()).mean() or 0)  # type: ignore[arg-type]


def _record(
    users: pl.DataFrame, rows: pl.DataFrame, shares: dict[str, float], seed: int
) -> SplitRecord:
    return SplitRecord(
        sha256=split_hash(users, rows),
        seed=seed,
        users=users.height,
        interactions=rows.height,
        users_by_fold=dict(users["fold"].value_counts(sort=True).iter_rows()),
        users_by_group=dict(users["group"].value_counts(sort=True).iter_rows()),
        common_value_share=shares,
    )


def split_hash(users: pl.DataFrame, rows: pl.DataFrame) -> str:
    """Hash who is in which fold and group, and which row in which part, in any order."""
    digest = hashlib.sha256()
    for frame, columns in ((users, ["user", "fold", "group"]), (rows, ["user", "item", "part"])):
        digest.update(frame.select(columns).sort(columns).write_csv().encode())
    return digest.hexdigest()
