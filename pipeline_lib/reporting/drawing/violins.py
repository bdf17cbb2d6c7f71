"""Densities of users' errors, major users above minor ones, one row for each method."""

from typing import TYPE_CHECKING

import numpy as np

from pipeline_lib.reporting.drawing import canvas, rows
from pipeline_lib.reporting.drawing.style import INK, fill, shown_groups
from pipeline_lib.reporting.drawing.view import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CELLS = 400
GAP, HALF_ROW = 0.11, 0.46
SIDES = {"major": -1, "minor": 1}  # rows count downwards
ROW, EDGE = 0.4, 0.85  # inches of a method and of the sheet's edges
MARKS = "bar: quartiles   line: median   ○ mean"
CAPTION = (
    "In each row major users are above, minor ones (hatched) below. Areas show how dense users "
    "are, and are equal where no user lies beyond the axis; between them bars reach from the "
    "lower to the upper quartile, the line is the median, the white dot the mean."
)
BEYOND = (
    "The enlarged axis may end before the largest errors; the users beyond it are counted at the "
    "right."
)


def errors_by_group(view: View) -> dict[tuple[int, str], np.ndarray]:
    """Return users' errors by the method's place and the group, of those that have users."""
    found = {
        (place, group): view.of(method).filter(group=group)[view.error].to_numpy()
        for place, method in enumerate(view.methods)
        for group in shown_groups(view.frame)
    }
    return {key: values for key, values in found.items() if len(values)}


def draw_whole(axes: "Axes", view: View) -> None:
    """Draw violins up to the largest error."""
    _draw(axes, view, 1.02 * float(view.frame[view.error].to_numpy().max()) or 1)
    canvas.hint(axes, MARKS)


def draw_enlarged(axes: "Axes", view: View, panel: str) -> None:
    """Draw violins where most users are beside a panel of the same rows; count those beyond.

    panel: its name in the paper.
    """
    axes.set_title(view.panel(panel, "enlarged"))
    axes.tick_params(labelleft=False)
    _draw(axes, view, rows.axis_end([view.of(m)[view.error].to_numpy() for m in view.methods]))
    canvas.hint(axes, "▸ users beyond")


def _draw(axes: "Axes", view: View, end: float) -> None:
    """Draw half a violin and a thin box for each method and group."""
    parts = errors_by_group(view)
    curves = {key: density(values, end) for key, values in parts.items()}
    tallest = max(curve.max() for curve in curves.values())
    for (place, group), curve in curves.items():
        values, side = parts[place, group], SIDES[group]
        heights = curve * ((HALF_ROW - GAP) / tallest)
        _draw_half(axes, place + side * GAP, side * heights, group, end)
        _draw_box(axes, values, place + side * GAP / 2, group)
        rows.count_beyond(axes, place + side * 0.22, values, end)
    rows.label(axes, view.methods)
    axes.set_xlim(0, end)
    axes.set_xlabel(view.error_axis)


def density(values: np.ndarray, end: float) -> np.ndarray:
    """Compute the density from 0 to `end` in 400 cells, by a Gaussian kernel reflected at 0.

    The kernel's width is Silverman's. Its sum, times a cell's width, is the share of values within.
    """
    from scipy.ndimage import gaussian_filter1d

    inside = values[values <= end]
    counts, _ = np.histogram(inside, CELLS, (0, end))
    if not len(inside):
        return counts.astype(float)
    quartiles = np.subtract(*np.quantile(inside, [0.75, 0.25])) / 1.34
    spread = min(inside.std(), quartiles) if quartiles > 0 else inside.std()
    width = 0.9 * spread * len(inside) ** -0.2 * CELLS / end
    smooth = gaussian_filter1d(counts.astype(float), max(width, 1), mode="reflect")
    return np.asarray(smooth / len(values) * (CELLS / end))


def _draw_half(axes: "Axes", base: float, heights: np.ndarray, group: str, end: float) -> None:
    middles = (np.arange(CELLS) + 0.5) * (end / CELLS)
    axes.fill_between(middles, base, base + heights, where=heights != 0, **fill(group))


def _draw_box(axes: "Axes", values: np.ndarray, place: float, group: str) -> None:
    lower, median, upper = np.quantile(values, [0.25, 0.5, 0.75])
    axes.barh(place, upper - lower, 0.8 * GAP, lower, **fill(group) | {"hatch": None})
    axes.plot([median], [place], color=INK, marker="|", markersize=5, markeredgewidth=2.2)
    axes.plot([median], [place], color="white", marker="|", markersize=4, markeredgewidth=0.9)
    axes.plot([values.mean()], [place], **rows.MEAN | {"marker": "o"})
