"""Compute numeric features of items: rates of training users, logarithms, products."""

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import mul

import polars as pl

from pipeline_lib.settings.features import AnyFeature, Numeric


def derive(
    items: pl.DataFrame,
    features: Mapping[str, AnyFeature],
    rows: pl.LazyFrame,
    events: pl.DataFrame,
    groups: Sequence[str],
) -> pl.DataFrame:
    """Return `item` and all `features`, those read and those computed, in their order.

    items: `item` and the features that are read. rows: `item` and `target` of training users
    alone. events: their columns `groups`, `hits` and `trials`. groups: the features that name an
    item's group.
    """
    for name, feature in features.items():
        if isinstance(feature, Numeric) and feature.derived:
            items = _add(items, name, feature, rows, events, groups)
    return items.select("item", *features)


def _add(
    items: pl.DataFrame,
    name: str,
    feature: Numeric,
    rows: pl.LazyFrame,
    events: pl.DataFrame,
    groups: Sequence[str],
) -> pl.DataFrame:
    if feature.rate == "target":
        counts = rows.select("item", hits="target", trials=pl.lit(1))
        return items.with_columns(_rate(items, counts, ["item"], feature.smoothing).alias(name))
    if feature.rate == "events":
        rate = _rate(items, events.lazy(), groups, feature.smoothing)
        return items.with_columns(rate.alias(name))
    if feature.log:
        parent = pl.col(feature.log)
        return items.with_columns(pl.when(parent > 0).then(parent.log()).alias(name))
    factors = [pl.col(parent) for parent in feature.parents]
    return items.with_columns(reduce(mul, factors).alias(name))


def _rate(
    items: pl.DataFrame, counts: pl.LazyFrame, keys: Sequence[str], smoothing: float
) -> pl.Series:
    """Compute (hits + k · mean) / (trials + k) of each item, k the smoothing; null if no trials."""
    columns = [pl.col("hits").cast(pl.Float64), pl.col("trials").cast(pl.Float64)]
    summed = counts.select(*keys, *columns).group_by(keys).agg(pl.col("hits", "trials").sum())
    sums = summed.collect(engine="streaming")
    trials = float(sums["trials"].sum())
    mean = float(sums["hits"].sum()) / trials if trials else None
    of_group = items.select(pl.col(keys).fill_null("")).join(
        sums, on=keys, how="left", maintain_order="left"
    )
    hits, tried = (pl.col(c).fill_null(0) for c in ("hits", "trials"))
    rate = (hits + smoothing * pl.lit(mean, pl.Float64)) / (tried + smoothing)
    return of_group.select(rate.alias("rate"))["rate"]
