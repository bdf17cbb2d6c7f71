"""Partition clean logs: cold users, folds, support and query, major and minor."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from pipeline_lib.partition.counts import by_reason, count_left_out, count_split
from pipeline_lib.partition.negatives import draw_negatives
from pipeline_lib.partition.parts import count_ties, part_rows
from pipeline_lib.partition.quadrants import assign_row_folds, draw_cold_items
from pipeline_lib.partition.rules import (
    assign_folds,
    assign_groups,
    assign_groups_by_activity,
    common_values,
    find_drop_reasons,
    only_learned_from,
)
from pipeline_lib.partition.summary import ColdBorder, NegativeCount, SplitSummary
from pipeline_lib.schemas.columns import FOLDS
from pipeline_lib.seeds import derive_seed
from pipeline_lib.settings.partition import Partition


class PartitionError(Exception):
    """There are too few cold users to fill every fold, or no times to go by."""


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

    users: `user`, `problem` and a column a feature. interactions: `user`, `item`, `target`, and
    `time` where the rules go by it. group_features: those by which major users differ from minor
    ones; without any they differ by activity. Raises PartitionError when the cold users are too few
    to fill every fold, or there are no times that the rules go by.
    """
    _check_times(interactions, rules)
    cold_items = _cold_items(interactions, rules, seed)
    counts = _counts(users, interactions, rules, cold_items)
    chosen = _choose(counts, rules, seed)
    folds = _folds(chosen, counts, rules, seed)
    groups, shares = _groups(users, counts, chosen.cold, folds["user"], group_features, rules)
    own, negatives = _rows(interactions, folds, rules, seed)
    if rules.quadrant:
        own = assign_row_folds(own, cold_items, rules.quadrant, derive_seed(seed, "quadrant"))
    if is_warm := rules.quadrant is not None and rules.quadrant.users == "warm":
        folds = folds.with_columns(pl.col("fold").replace("test", "train"))
    parted = part_rows(own, rules, derive_seed(seed, "parts"))
    rows = parted.drop_nulls("part").sort("user", "item")
    split_users = folds.join(groups, on="user").sort("user")
    summary = SplitSummary(
        **count_split(split_users, rows, chosen.dropped, is_warm=is_warm),
        seed=seed,
        cold_border=chosen.border,
        negatives=negatives,
        common_value_share=shares,
        only_learned_from=len(chosen.active),
        rows_left_out=count_left_out(parted, rules),
        tied_users=count_ties(rows) if rules.parts_by == "time" else 0,
    )
    return Split(split_users, rows.drop("time", strict=False), chosen.dropped, summary)


@dataclass(frozen=True)
class _Chosen:
    """Users who are judged or learned from; active: those who are learned from alone.

    dropped: `user`, `reason`, all others.
    """

    cold: pl.Series
    active: pl.Series
    dropped: pl.DataFrame
    border: ColdBorder | None


def _choose(counts: pl.DataFrame, rules: Partition, seed: int) -> _Chosen:
    """Choose the users that a split is of."""
    reasons, border = find_drop_reasons(counts, rules, derive_seed(seed, "cold"))
    cold = reasons.filter(pl.col("reason").is_null())["user"]
    dropped = reasons.filter(pl.col("reason").is_not_null())
    active = only_learned_from(counts, dropped, rules)
    return _Chosen(cold, active, dropped.filter(~pl.col("user").is_in(active.implode())), border)


def _folds(chosen: _Chosen, counts: pl.DataFrame, rules: Partition, seed: int) -> pl.DataFrame:
    """Return the fold of every user, `user` and `fold`; raise PartitionError if one is empty."""
    folds = assign_folds(chosen.cold, rules.folds, derive_seed(seed, "folds"))
    if folds["fold"].n_unique() < len(FOLDS):
        raise PartitionError(_too_few(len(chosen.cold), counts, chosen.dropped, rules))
    training = pl.DataFrame({"user": chosen.active}).with_columns(pl.lit("train").alias("fold"))
    return pl.concat([folds, training])


def _check_times(interactions: pl.LazyFrame, rules: Partition) -> None:
    if rules.timed and "time" not in interactions.collect_schema():
        raise PartitionError(
            "the partition goes by time (parts_by, cut), but the interactions have no column "
            "`time`; add it, or take these rules out"
        )


def _too_few(cold: int, counts: pl.DataFrame, dropped: pl.DataFrame, rules: Partition) -> str:
    """Return in words that no fold may be empty, and what to do."""
    median = counts.select(pl.col("interactions").median()).item() or 0
    return (
        f"{cold} cold users are too few for training, validation and test; the others: "
        f"{by_reason(dropped)}. A user needs {rules.fewest} interactions, and the median user has "
        f"{median:g}. Bring more users, or change the rules under `partition`"
    )


def _groups(
    users: pl.DataFrame,
    counts: pl.DataFrame,
    cold: pl.Series,
    chosen: pl.Series,
    features: Sequence[str],
    rules: Partition,
) -> tuple[pl.DataFrame, dict[str, float]]:
    """Return the chosen users' groups, and which share of them has a feature's common values.

    What is common, or many interactions, goes by the cold users alone: others change no group.
    """
    profiles = users.filter(pl.col("user").is_in(chosen.implode()))
    if not features:
        own = counts.filter(pl.col("user").is_in(chosen.implode()))
        return assign_groups_by_activity(own, cold), {}
    judged = profiles.filter(pl.col("user").is_in(cold.implode()))
    common = {f: common_values(judged, f, rules.top_share) for f in features}
    shares = {f: _share_with(profiles[f], values) for f, values in common.items()}
    return assign_groups(profiles, common, rules.major_features), shares


def _cold_items(interactions: pl.LazyFrame, rules: Partition, seed: int) -> pl.Series:
    """Draw the items that no training row is with; none without a quadrant."""
    if not rules.quadrant:
        return pl.Series("item", [], pl.String)
    items = interactions.select("item").unique().collect(engine="streaming")["item"]
    return draw_cold_items(items, rules.quadrant.cold_items, derive_seed(seed, "items"))


def _rows(
    interactions: pl.LazyFrame, folds: pl.DataFrame, rules: Partition, seed: int
) -> tuple[pl.DataFrame, NegativeCount | None]:
    """Return the users' rows with their fold, and the number of negatives where such are drawn."""
    whole = interactions.select("user", "item", "target", *(["time"] if rules.timed else []))
    own = whole.join(folds.lazy(), on="user").collect(engine="streaming")
    if not rules.negatives:
        return own, None
    items = interactions.select("item").unique().collect(engine="streaming")["item"]
    seed = derive_seed(seed, "negatives")
    drawn, count = draw_negatives(own, items, rules.negatives, seed)
    return pl.concat([own, drawn]), count


def _counts(
    users: pl.DataFrame, interactions: pl.LazyFrame, rules: Partition, cold_items: pl.Series
) -> pl.DataFrame:
    """Count each user's interactions and clicks, and what `find_drop_reasons` asks for besides."""
    numbers = {"interactions": pl.len(), "clicked": (pl.col("target") > 0).sum()}
    if rules.cut:
        numbers["before"] = (pl.col("time") < rules.cut).sum()
    if rules.quadrant:
        is_cold = pl.col("item").is_in(cold_items.implode())
        numbers |= {"cold": is_cold.sum(), "warm": (~is_cold).sum()}
    counted = interactions.group_by("user").agg(
        number.cast(pl.Int64).alias(name) for name, number in numbers.items()
    )
    all_users = users.lazy().select("user", "problem").join(counted, on="user", how="left")
    return all_users.with_columns(pl.col(list(numbers)).fill_null(0)).collect(engine="streaming")


def _share_with(values: pl.Series, common: pl.Series) -> float:
    return int(values.is_in(common.implode()).sum()) / len(values)
