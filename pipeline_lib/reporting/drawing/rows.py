"""Panels in which every method has a row: their ends, and box plots."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline_lib.evaluation.comparison import MethodResult
from pipeline_lib.reporting.drawing.canvas import DENSE, short
from pipeline_lib.reporting.drawing.style import FAINT, INK, MIDDLE, SMALL, lighten

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FAR = 3  # by how much a row may reach beyond the middle one before it is cut
BOXES = "line: median   ◇ mean"
MEAN: dict[str, Any] = {
    "marker": "D",
    "markersize": 2.8,
    "markerfacecolor": "white",
    "markeredgecolor": INK,
    "markeredgewidth": 0.6,
}


def label(axes: "Axes", methods: Sequence[MethodResult]) -> None:
    """Lay out a row for each method, the first on top, with a line where another role begins."""
    axes.set_yticks(range(len(methods)), [short(m.label) for m in methods])
    axes.set_ylim(len(methods) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(visible=True, axis="x")
    for place in range(1, len(methods)):
        other = methods[place].role != methods[place - 1].role
        axes.axhline(place - 0.5, color=MIDDLE if other else FAINT, linewidth=0.5, zorder=0.5)


def height(methods: Sequence[MethodResult]) -> float:
    """Return the inches that the methods' rows need at least."""
    lines = max(short(m.label).count("\n") for m in methods) + 1
    return len(methods) * (0.08 + 0.12 * lines)


def axis_end(rows: Sequence[np.ndarray]) -> float:
    """Return where an axis of errors may end, so that a few large ones do not press the others.

    rows: the errors of each method. A row reaches to two box lengths above its upper quartile, or
    to its 95 % quantile where that is larger.
    """
    return common_end([_reach(values) for values in rows])


def common_end(reaches: Sequence[float]) -> float:
    """Return an end that shows all rows, or but a part of those far worse than most."""
    return float(min(max(reaches), FAR * np.median(reaches)) or max(reaches) or 1)


def _reach(values: np.ndarray) -> float:
    lower, upper, high, largest = np.quantile(values, [0.25, 0.75, 0.95, 1]).tolist()
    return float(min(max(upper + 2 * (upper - lower), high), largest) or largest)


def count_beyond(axes: "Axes", place: float, values: np.ndarray, end: float) -> None:
    """Write at a row's right end how many users lie beyond the axis, and their mean if it does."""
    number, mean = int((values > end).sum()), values.mean()
    if number:
        where = f"{mean:,.0f}" if mean >= 1000 else f"{mean:.3g}"
        write_beside(axes, place, f"{number:,} ▸" + (f" mean {where}" if mean > end else ""))


def write_beside(axes: "Axes", place: float, text: str) -> None:
    """Write at a row's right end."""
    axes.annotate(
        text,
        (1, place),
        xycoords=axes.get_yaxis_transform(),
        xytext=(3, 0),
        textcoords="offset points",
        va="center_baseline",
        fontsize=SMALL,
        color=MIDDLE,
    )


def draw_boxes(
    axes: "Axes", rows: Sequence[np.ndarray], colours: Sequence[str], outliers: bool
) -> float:
    """Draw a box of each row's values, with or without outliers.

    Returns where an axis may end that shows the whiskers and means.
    """
    from matplotlib.cbook import boxplot_stats

    found = [boxplot_stats(values)[0] for values in rows]
    thin = {"linewidth": 0.6, "color": INK}
    boxes = axes.bxp(
        found,
        positions=range(len(rows)),
        orientation="horizontal",
        widths=0.62,
        patch_artist=True,
        showfliers=False,
        showmeans=True,
        manage_ticks=False,
        boxprops={"linewidth": 0.6, "edgecolor": INK},
        whiskerprops=thin,
        capprops=thin,
        medianprops={"linewidth": 1.2, "color": INK},
        meanprops=MEAN,
    )
    for box, colour in zip(boxes["boxes"], colours, strict=True):
        box.set_facecolor(lighten(colour, 0.3))
    if outliers:
        _draw_outliers(axes, [box["fliers"] for box in found], colours)
    return common_end([max(box["whishi"], box["mean"]) for box in found])


def _draw_outliers(axes: "Axes", rows: Sequence[np.ndarray], colours: Sequence[str]) -> None:
    dense = sum(map(len, rows)) > DENSE
    for place, (values, colour) in enumerate(zip(rows, colours, strict=True)):
        axes.plot(
            values,
            np.full(len(values), place),
            linestyle="none",
            marker="o",
            markersize=1.8,
            markerfacecolor=colour,
            markeredgewidth=0,
            alpha=0.45,
            rasterized=dense,
        )
