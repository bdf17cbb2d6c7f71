"""Histograms of interactions per user and of targets, in few enough bins to look at."""

import math

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline_lib.reporting.data_report.record import Bin, Histogram, Spread
from pipeline_lib.settings.task import Task

Counts = npt.NDArray[np.int64]

MOST_BARS = 40
MOST_TARGETS = 20
SHOWN = 0.99  # of kept users: the few above would press all others to the left
QUANTILES = {"min": 0, "p5": 0.05, "p25": 0.25, "median": 0.5, "p75": 0.75, "p95": 0.95, "max": 1}


def spread(counts: Counts) -> Spread:
    """Return the mean and quantiles of users' counts, `[users] int64`."""
    values = np.quantile(counts, list(QUANTILES.values())).tolist()
    return Spread(
        users=len(counts),
        mean=float(counts.mean()),
        **dict(zip(QUANTILES, values, strict=True)),
    )


def count_bins(clean: Counts, kept: Counts) -> Histogram:
    """Return all clean users' counts and kept users', `[users] int64`, in bins of equal width.

    The bins begin where kept users do, and end where all but few of them do.
    """
    low, high = int(kept.min()), math.ceil(np.quantile(kept, SHOWN))
    width = math.ceil((high - low + 1) / MOST_BARS)
    starts = range(low, high + 1, width)
    end, least, most = starts[-1] + width, int(clean.min()), int(clean.max())
    return Histogram(
        bins=[_bin(clean, kept, start, start + width - 1) for start in starts],
        below=_bin(clean, kept, least, low - 1) if least < low else None,
        above=_bin(clean, kept, end, most) if most >= end else None,
    )


def target_bins(clean: pl.LazyFrame, kept: pl.LazyFrame, task: Task) -> Histogram:
    """Return clean and kept interactions by target: each value, or 20 bins where they are many.

    clean, kept: with `target`.
    """
    counted = _targets(clean, "clean").join(_targets(kept, "kept"), on="target", how="left")
    counts = counted.with_columns(pl.col("kept").fill_null(0)).sort("target")
    if counts.height <= MOST_TARGETS:
        bins = [Bin(low=t, high=t, clean=c, kept=k) for t, c, k in counts.iter_rows()]
        return Histogram(bins=bins)
    edges = np.linspace(*task.scale, MOST_TARGETS + 1)
    inside = {
        name: np.histogram(counts["target"], edges, weights=counts[name])[0].astype(int).tolist()
        for name in ("clean", "kept")
    }
    rows = zip(edges[:-1].tolist(), edges[1:].tolist(), *inside.values(), strict=True)
    return Histogram(bins=[Bin(low=a, high=b, clean=c, kept=k) for a, b, c, k in rows])


def _targets(rows: pl.LazyFrame, name: str) -> pl.DataFrame:
    value = pl.col("target").cast(pl.Float64).round(4)  # 3.3 as 32 bits have it is 3.29999995
    return rows.group_by(value).agg(pl.len().alias(name)).collect(engine="streaming")


def _bin(clean: Counts, kept: Counts, low: int, high: int) -> Bin:
    inside = (int(np.count_nonzero((x >= low) & (x <= high))) for x in (clean, kept))
    return Bin(low=low, high=high, **dict(zip(("clean", "kept"), inside, strict=True)))
