"""Densities of users' errors, major users above minor ones, one row for each method."""

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.ndimage import gaussian_filter1d

from pipeline_lib.evaluation.comparison import Comparison
from pipeline_lib.metrics.registry import USER_ERROR
from pipeline_lib.reporting.figures.boxes import MEAN
from pipeline_lib.reporting.figures.canvas import (
    axis_end,
    count_beyond,
    hint,
    legend,
    method_rows,
    sheet,
)
from pipeline_lib.reporting.figures.captions import error_axis
from pipeline_lib.reporting.figures.frames import shown
from pipeline_lib.reporting.figures.group_marks import count_users, fill, handles, shown_groups
from pipeline_lib.reporting.figures.style import INK

CELLS = 400
GAP, HALF_ROW = 0.11, 0.46
SIDES = {"major": -1, "minor": 1}  # rows count downwards
CAPTION = (
    "In each row major users are above, minor ones (hatched) below. Areas show how dense users "
    "are, and are equal where no user lies beyond the axis; between them bars reach from the "
    "lower to the upper quartile, the line is the median, the white dot the mean. The axis may "
    "end before the largest errors; the users beyond it are counted at the right."
)


def draw_violins(frame: pl.DataFrame, comparison: Comparison, title: str) -> Figure:
    """Draw half a violin and a thin box for each method and group."""
    methods, error = shown(frame, comparison), USER_ERROR[comparison.task.kind]
    figure = sheet(comparison, title, 0.85 + 0.4 * len(methods))
    axes = figure.add_subplot()
    parts = {
        (place, group): frame.filter(method=m.name, group=group)[error].to_numpy()
        for place, m in enumerate(methods)
        for group in shown_groups(frame)
    }
    end = axis_end([frame.filter(method=m.name)[error].to_numpy() for m in methods])
    curves = {key: density(values, end) for key, values in parts.items() if len(values)}
    tallest = max(curve.max() for curve in curves.values())
    for (place, group), curve in curves.items():
        values, side = parts[place, group], SIDES[group]
        heights = curve * ((HALF_ROW - GAP) / tallest)
        _draw_half(axes, place + side * GAP, side * heights, group, end)
        _draw_box(axes, values, place + side * GAP / 2, group)
        count_beyond(axes, place + side * 0.22, values, end)
    method_rows(axes, methods)
    axes.set_xlim(0, end)
    axes.set_xlabel(error_axis(comparison))
    hint(axes, "bar: quartiles   line: median   ○ mean   ▸ users beyond")
    legend(figure, handles(count_users(frame)))
    return figure


def density(values: np.ndarray, end: float) -> np.ndarray:
    """Estimate the density from 0 to `end` in 400 cells, by a Gaussian kernel reflected at 0.

    The kernel's width is Silverman's. Sums, times a cell's width, to the share of values within.
    """
    inside = values[values <= end]
    counts, _ = np.histogram(inside, CELLS, (0, end))
    if not len(inside):
        return counts.astype(float)
    quartiles = np.subtract(*np.quantile(inside, [0.75, 0.25])) / 1.34
    spread = min(inside.std(), quartiles) if quartiles > 0 else inside.std()
    width = 0.9 * spread * len(inside) ** -0.2 * CELLS / end
    smooth = gaussian_filter1d(counts.astype(float), max(width, 1), mode="reflect")
    return np.asarray(smooth / len(values) * (CELLS / end))


def _draw_half(axes: Axes, base: float, heights: np.ndarray, group: str, end: float) -> None:
    middles = (np.arange(CELLS) + 0.5) * (end / CELLS)
    axes.fill_between(middles, base, base + heights, **fill(group))


def _draw_box(axes: Axes, values: np.ndarray, place: float, group: str) -> None:
    lower, median, upper = np.quantile(values, [0.25, 0.5, 0.75])
    axes.barh(place, upper - lower, 0.8 * GAP, lower, **fill(group) | {"hatch": None})
    axes.plot([median], [place], color=INK, marker="|", markersize=5, markeredgewidth=2.2)
    axes.plot([median], [place], color="white", marker="|", markersize=4, markeredgewidth=0.9)
    axes.plot([values.mean()], [place], **MEAN | {"marker": "o"})
