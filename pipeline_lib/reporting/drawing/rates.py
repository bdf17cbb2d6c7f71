"""Histograms of users' inner learning rates: of each group, and of all users."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from pipeline_lib.evaluation.comparison import MethodResult
from pipeline_lib.reporting.drawing import canvas
from pipeline_lib.reporting.drawing.style import FAINT, INK, MIDDLE, fill, shown_groups
from pipeline_lib.reporting.drawing.view import named
from pipeline_lib.schemas.columns import GROUPS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

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
EVERYONE: dict[str, Any] = {"facecolor": FAINT, "edgecolor": INK, "linewidth": 0.6}


def bin_rates(rates: pl.DataFrame, methods: Sequence[MethodResult]) -> pl.DataFrame:
    """Count the rates of all seeds in bins that a method's groups share, the last one closed.

    Returns `method`, `label`, `role`, `group`, `from`, `to`, `rates`, `share` in % of the group's.
    """
    rows: list[tuple[object, ...]] = []
    for method in methods:
        found = rates.filter(method=method.name)
        edges = bin_edges(found["inner_lr"].to_numpy())
        for group in GROUPS:
            own = found.filter(group=group)["inner_lr"].to_numpy()
            for low, high, count in zip(edges, edges[1:], _count(own, edges), strict=False):
                if len(own):
                    rows.append((method.name, group, low, high, count, 100 * count / len(own)))
    return named(pl.DataFrame(rows, schema=BINS, orient="row"), methods)


def bin_edges(values: np.ndarray) -> list[float]:
    """Return bins from the smallest to the largest rate, of equal ratios where these are far apart.

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


def draw_by_group(axes: "Axes", bins: pl.DataFrame) -> None:
    """Draw one method's histograms, major users above and minor ones below."""
    places = _lay_out(axes, bins)
    for group in shown_groups(bins):
        shares = bins.filter(group=group)["share"] * SIDES[group]
        axes.stairs(shares, places, fill=True, **fill(group))
    axes.axhline(0, color=MIDDLE, linewidth=0.6)
    most = 1.08 * float(bins["share"].to_numpy().max())
    axes.set_ylim(-most, most)
    axes.locator_params("y", nbins=5, steps=(1, 2, 5, 10))
    axes.yaxis.set_major_formatter(lambda value, _: f"{abs(value):g}")


def draw_together(axes: "Axes", bins: pl.DataFrame) -> None:
    """Draw one method's histogram of both groups together."""
    counts = bins.group_by("from").agg(pl.col("rates").sum()).sort("from")["rates"]
    axes.stairs(100 * counts / counts.sum(), _lay_out(axes, bins), fill=True, **EVERYONE)
    axes.set_ylim(bottom=0)
    axes.locator_params("y", nbins=4, steps=(1, 2, 5, 10))


def _lay_out(axes: "Axes", bins: pl.DataFrame) -> list[float]:
    """Prepare the axis of rates; returns the bins' edges on it."""
    low, high = float(bins["from"].to_numpy().min()), float(bins["to"].to_numpy().max())
    edges = [*bins.filter(group=bins["group"][0])["from"], high]
    power = math.floor(math.log10(max(abs(low), abs(high)) or 1))
    unit = 10.0**power if power < -1 or power > 2 else 1
    places = [edge / unit for edge in edges]
    if alike := high - low <= ALIKE * abs(high):
        middle = (low + high) / 2 / unit
        width = abs(middle) / 10 or 1
        places = [middle - width / 2, middle + width / 2]
        axes.set_xlim(middle - 2 * width, middle + 2 * width)
    _ticks(axes, low / unit, high / unit, alike)
    times = f" (× 10{str(power).translate(DIGITS)})" if unit != 1 else ""
    axes.set_xlabel(f"inner learning rate{times}")
    axes.margins(x=0.02)
    return places


def _count(values: np.ndarray, edges: list[float]) -> list[int]:
    if len(edges) == 2:
        return [len(values)]
    return np.histogram(values, edges)[0].tolist() if edges else []


def _needs_log(low: float, high: float) -> bool:
    return low > 0 and high / low > LOG_FROM


def _ticks(axes: "Axes", low: float, high: float, alike: bool) -> None:
    if alike:
        axes.set_xticks([(low + high) / 2], [f"{(low + high) / 2:.6g}"])
    elif _needs_log(low, high):
        ratio = high / low
        steps = (1, 2, 5) if ratio <= 50 else (1, 3) if ratio <= 500 else (1,)
        canvas.log_axis(axes, "x", steps)
    else:
        axes.locator_params("x", nbins=4, steps=None)
        axes.ticklabel_format(axis="x", useOffset=False)
