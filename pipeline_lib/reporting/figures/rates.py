"""Histograms of users' inner learning rates, minor against major, one panel a method."""

import math
from collections.abc import Sequence

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.ticker import (
    FixedLocator,
    FuncFormatter,
    LogLocator,
    MaxNLocator,
    NullLocator,
    ScalarFormatter,
)

from pipeline_lib.evaluation.comparison import MethodResult
from pipeline_lib.reporting.figures.frames import named
from pipeline_lib.reporting.figures.group_marks import fill, shown_groups
from pipeline_lib.reporting.figures.style import MIDDLE
from pipeline_lib.schemas.columns import GROUPS

FEWEST_BINS, MOST_BINS = 5, 30
SIDES = {"major": 1, "minor": -1}
LOG_FROM = 10  # the largest rate by the smallest
ALIKE = 1e-6  # rates are 32-bit numbers: what differs by less is rounding
BINS = {
    "method": pl.String,
    "group": pl.String,
    "from": pl.Float64,
    "to": pl.Float64,
    "rates": pl.Int64,
    "share": pl.Float64,
}
DIGITS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def bin_rates(rates: pl.DataFrame, methods: Sequence[MethodResult]) -> pl.DataFrame:
    """Count the rates of all seeds in bins that a method's groups share, the last one closed.

    Returns `method`, `label`, `role`, `group`, `from`, `to`, `rates`, `share` in % of the group's.
    """
    rows = []
    for method in methods:
        found = rates.filter(method=method.name)
        values = {g: found.filter(group=g)["inner_lr"].to_numpy() for g in GROUPS}
        edges = bin_edges(found["inner_lr"].to_numpy())
        for group, own in values.items():
            counts = _count(own, edges)
            shares = [100 * n / len(own) for n in counts] if len(own) else []
            rows += [
                (method.name, group, *bin_)
                for bin_ in zip(edges[:-1], edges[1:], counts, shares, strict=False)
            ]
    return named(pl.DataFrame(rows, schema=BINS, orient="row"), methods)


def bin_edges(values: np.ndarray) -> list[float]:
    """Choose bins from the smallest to the largest rate, of equal ratios where these are far apart.

    Rates that are all alike have one bin.
    """
    if not len(values):
        return []
    low, high = float(values.min()), float(values.max())
    if high - low <= ALIKE * abs(high):
        return [low, high]
    number = min(max(math.ceil(math.sqrt(len(values))), FEWEST_BINS), MOST_BINS)
    space = np.geomspace if _needs_log(low, high) else np.linspace
    edges = space(low, high, number + 1).tolist()
    return [low, *edges[1:-1], high]


def draw_rates(axes: Axes, bins: pl.DataFrame) -> None:
    """Draw one method's histograms, major users above and minor ones below."""
    low, high = float(bins["from"].to_numpy().min()), float(bins["to"].to_numpy().max())
    edges = [*bins.filter(group=bins["group"][0])["from"], high]
    power = math.floor(math.log10(max(abs(low), abs(high)) or 1))
    unit = 10.0**power if power < -1 or power > 2 else 1
    places = [edge / unit for edge in edges]
    alike = high - low <= ALIKE * abs(high)
    if alike:
        middle = (low + high) / 2 / unit
        width = abs(middle) / 10 or 1
        places = [middle - width / 2, middle + width / 2]
        axes.set_xlim(middle - 2 * width, middle + 2 * width)
    for group in shown_groups(bins):
        shares = bins.filter(group=group)["share"] * SIDES[group]
        axes.stairs(shares, places, fill=True, **fill(group))
    _ticks(axes, low / unit, high / unit, alike)
    times = f" (× 10{str(power).translate(DIGITS)})" if unit != 1 else ""
    axes.set_xlabel(f"inner learning rate{times}")
    axes.axhline(0, color=MIDDLE, linewidth=0.6)
    most = 1.08 * float(bins["share"].to_numpy().max())
    axes.set_ylim(-most, most)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=(1, 2, 5, 10)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{abs(value):g}"))
    axes.margins(x=0.02)


def _count(values: np.ndarray, edges: list[float]) -> list[int]:
    if len(edges) == 2:
        return [len(values)]
    return np.histogram(values, edges)[0].tolist() if edges else []


def _steps(ratio: float) -> tuple[float, ...]:
    return (1, 2, 5) if ratio <= 50 else (1, 3) if ratio <= 500 else (1,)


def _needs_log(low: float, high: float) -> bool:
    return low > 0 and high / low > LOG_FROM


def _ticks(axes: Axes, low: float, high: float, alike: bool) -> None:
    if alike:
        axes.xaxis.set_major_locator(FixedLocator([(low + high) / 2]))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.6g}"))
    elif _needs_log(low, high):
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=_steps(high / low)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.xaxis.set_minor_locator(NullLocator())
    else:
        axes.xaxis.set_major_locator(MaxNLocator(nbins=4))
        axes.xaxis.set_major_formatter(ScalarFormatter(useOffset=False))
