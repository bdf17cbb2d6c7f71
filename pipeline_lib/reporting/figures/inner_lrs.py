"""Histograms of users' inner learning rates by method (the paper's Figures 4 and 7)."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pipeline_lib.evaluation.comparison import MethodResult
from pipeline_lib.reporting.drawing import canvas
from pipeline_lib.reporting.drawing.plot import Plot, has_user_rates
from pipeline_lib.reporting.drawing.style import MIDDLE, fill, group_handles, shown_groups
from pipeline_lib.reporting.drawing.view import Results, View, named
from pipeline_lib.schemas.columns import GROUPS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEWEST_BINS, MOST_BINS = 5, 30
COLUMNS = 3
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


def draw_rates(axes: "Axes", bins: pl.DataFrame) -> None:
    """Draw one method's histograms, major users above and minor ones below."""
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
    for group in shown_groups(bins):
        shares = bins.filter(group=group)["share"] * SIDES[group]
        axes.stairs(shares, places, fill=True, **fill(group))
    _ticks(axes, low / unit, high / unit, alike)
    times = f" (× 10{str(power).translate(DIGITS)})" if unit != 1 else ""
    axes.set_xlabel(f"inner learning rate{times}")
    axes.axhline(0, color=MIDDLE, linewidth=0.6)
    most = 1.08 * float(bins["share"].to_numpy().max())
    axes.set_ylim(-most, most)
    axes.locator_params("y", nbins=5, steps=(1, 2, 5, 10))
    axes.yaxis.set_major_formatter(lambda value, _: f"{abs(value):g}")
    axes.margins(x=0.02)


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


def _tidy(results: Results) -> pl.DataFrame:
    return bin_rates(results.rates, results.methods())


def _draw(view: View) -> None:
    title = "inner learning rates of test users"
    found = canvas.method_panels(view, title, COLUMNS, edge=0.6, each=1.35)
    for axes, method in found:
        draw_rates(axes, view.of(method))
    for axes, _ in found[::COLUMNS]:
        axes.set_ylabel("share of group, %")
    canvas.legend(view, group_handles(view.users_by_group))


def _caption(view: View) -> str:
    return view.caption(
        "Inner learning rate that each method chose for each test user, of all seeds; share of "
        "the group's users in %, major users above and minor ones (hatched) below. Each panel has "
        "its own axis, from its smallest rate to its largest, logarithmic where the largest is "
        "more than ten times the smallest.",
        view.users_and_seeds,
        after="Figures 4 and 7",
    )


PLOT = Plot(
    _tidy,
    _draw,
    _caption,
    applies=lambda methods: any(has_user_rates(m.kind) for m in methods.values()),
    paper="Figures 4 and 7",
    methods=("paml", "reg-paml", "reg-paml-1e-5"),
)
