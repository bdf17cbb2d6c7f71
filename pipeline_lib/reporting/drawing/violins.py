"""Densities of users' errors, major users above minor ones, one row for each method."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from pipeline_lib.reporting.drawing import canvas, rows
from pipeline_lib.reporting.drawing.plot import Methods, Plot
from pipeline_lib.reporting.drawing.style import (
    INK,
    count_users,
    fill,
    group_handles,
    shown_groups,
)
from pipeline_lib.reporting.drawing.view import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CELLS = 400
GAP, HALF_ROW = 0.11, 0.46
SIDES = {"major": -1, "minor": 1}  # rows count downwards
CAPTION = (
    "In each row major users are above, minor ones (hatched) below. Areas show how dense users "
    "are, and are equal where no user lies beyond the axis; between them bars reach from the "
    "lower to the upper quartile, the line is the median, the white dot the mean. The axis may "
    "end before the largest errors; the users beyond it are counted at the right."
)


def violin_plot(
    roles: tuple[str, ...],
    words: str,
    applies: Callable[[Methods], bool],
    paper: str,
    methods: tuple[str, ...],
) -> Plot:
    """Return a figure of the methods of some roles, which `words` names."""

    def _caption(view: View) -> str:
        return view.caption(
            f"{view.error_name} of each test user, averaged over the method's seeds; {words}. "
            f"{CAPTION}",
            view.users_and_seeds,
            after=paper,
        )

    return Plot(
        tidy=lambda results: results.user_errors(roles),
        draw=lambda view: _draw(view, f"error by group, {words}"),
        caption=_caption,
        applies=applies,
        paper=paper,
        methods=methods,
    )


def _draw(view: View, title: str) -> None:
    """Draw half a violin and a thin box for each method and group."""
    canvas.begin(view, title, 0.85 + 0.4 * len(view.methods))
    axes = view.figure.add_subplot()
    parts = {
        (place, group): view.of(method).filter(group=group)[view.error].to_numpy()
        for place, method in enumerate(view.methods)
        for group in shown_groups(view.frame)
    }
    end = rows.axis_end([view.of(method)[view.error].to_numpy() for method in view.methods])
    curves = {key: density(values, end) for key, values in parts.items() if len(values)}
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
    canvas.hint(axes, "bar: quartiles   line: median   ○ mean   ▸ users beyond")
    canvas.legend(view, group_handles(count_users(view.frame)))


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
    axes.fill_between(middles, base, base + heights, **fill(group))


def _draw_box(axes: "Axes", values: np.ndarray, place: float, group: str) -> None:
    lower, median, upper = np.quantile(values, [0.25, 0.5, 0.75])
    axes.barh(place, upper - lower, 0.8 * GAP, lower, **fill(group) | {"hatch": None})
    axes.plot([median], [place], color=INK, marker="|", markersize=5, markeredgewidth=2.2)
    axes.plot([median], [place], color="white", marker="|", markersize=4, markeredgewidth=0.9)
    axes.plot([values.mean()], [place], **rows.MEAN | {"marker": "o"})
