"""Panels in which every method has a row: their ends, and box plots."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pipeline_lib.evaluation.comparison import MethodResult
from pipeline_lib.reporting.drawing.canvas import DENSE, short
from pipeline_lib.reporting.drawing.style import FAINT, INK, MIDDLE, SMALL, lighten

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FAR = 3  # by how much a row may reach beyond the middle one before it is cut
BOXES = "line: median   ◇ mean"
BOXES_CAPTION = (
    "Boxes reach from the lower to the upper quartile, whiskers to the last user within 1.5 box "
    "lengths of them; points are the users beyond, the line is the median, the diamond the mean."
)
MEAN: dict[str, Any] = {
    "marker": "D",
    "markersize": 2.8,
    "markerfacecolor": "white",
    "markeredgecolor": INK,
    "markeredgewidth": 0.6,
}


class Box(NamedTuple):
    """One box: where it lies, of which values, and how it is filled."""

    place: float
    values: np.ndarray
    look: Mapping[str, Any]


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


def tinted(colour: str) -> dict[str, Any]:
    """Return how the box of a method of this colour is filled."""
    return {"facecolor": lighten(colour, 0.3), "edgecolor": INK, "linewidth": 0.6}


def draw_boxes(axes: "Axes", boxes: Sequence[Box], width: float = 0.62) -> float:
    """Draw boxes with whiskers, means and outliers.

    Returns where an axis may end that shows the whiskers and means.
    """
    from matplotlib.cbook import boxplot_stats

    found = [boxplot_stats(box.values)[0] for box in boxes]
    drawn = axes.bxp(found, positions=[box.place for box in boxes], widths=width, **_looks())
    dense = sum(len(own["fliers"]) for own in found) > DENSE
    for box, patch, own in zip(boxes, drawn["boxes"], found, strict=True):
        patch.set(**box.look)
        _draw_outliers(axes, box, own["fliers"], dense)
    return common_end([max(own["whishi"], own["mean"]) for own in found])


def _looks() -> dict[str, Any]:
    from matplotlib.patheffects import withStroke

    thin = {"linewidth": 0.6, "color": INK}
    outlined = [withStroke(linewidth=2.4, foreground=INK)]
    return {
        "orientation": "horizontal",
        "patch_artist": True,
        "showfliers": False,
        "showmeans": True,
        "manage_ticks": False,
        "whiskerprops": thin,
        "capprops": thin,
        "medianprops": {"linewidth": 0.9, "color": "white", "path_effects": outlined},
        "meanprops": MEAN,
    }


def _draw_outliers(axes: "Axes", box: Box, values: np.ndarray, dense: bool) -> None:
    axes.plot(
        values,
        np.full(len(values), box.place),
        linestyle="none",
        marker="o",
        markersize=1.8,
        markerfacecolor=box.look["facecolor"],
        markeredgecolor=box.look["edgecolor"],
        markeredgewidth=0.2,
        alpha=0.7,
        rasterized=dense,
    )
