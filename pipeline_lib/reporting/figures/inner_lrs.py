"""Histograms of users' inner learning rates by method (the paper's Figures 4 and 7)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from pipeline_lib.evaluation.comparison import MethodResult
from pipeline_lib.reporting.drawing import canvas
from pipeline_lib.reporting.drawing.plot import Plot, has_user_rates
from pipeline_lib.reporting.drawing.rates import bin_rates, draw_by_group, draw_together
from pipeline_lib.reporting.drawing.style import group_handles
from pipeline_lib.reporting.drawing.view import Results, View

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PAPER = "Figures 4 and 7"
PANELS = {  # the paper's, of each group and of all users
    "reg-paml": ("4a, 7a", "7b"),
    "reg-paml-1e-5": ("4b, 7c", "7d"),
    "paml": ("4c, 7e", "7f"),
}
NO_PANELS = (None, None)
MOST_COLUMNS = 3
HEIGHTS = (5, 3)  # of a pair


def _tidy(results: Results) -> pl.DataFrame:
    return bin_rates(results.rates, results.methods())


def _draw(view: View) -> None:
    rows = -(-len(view.methods) // MOST_COLUMNS)
    canvas.begin(view, "inner learning rates of test users", 0.6 + 2.2 * rows)
    columns = -(-len(view.methods) // rows)
    grid = view.figure.add_gridspec(2 * rows, columns, height_ratios=HEIGHTS * rows)
    for place, method in enumerate(_papers_first(view.methods)):
        row, column = divmod(place, columns)
        pair = [view.figure.add_subplot(grid[2 * row + n, column]) for n in (0, 1)]
        groups, together = PANELS.get(method.name, NO_PANELS)
        titles = view.panel(groups, canvas.short(method.label)), view.panel(together, "all users")
        draw_pair(pair, view.of(method), titles, outer=column == 0)
    canvas.legend(view, group_handles(view.users_by_group))


def _papers_first(methods: Sequence[MethodResult]) -> list[MethodResult]:
    order = list(PANELS)
    return sorted(methods, key=lambda m: order.index(m.name) if m.name in order else len(order))


def draw_pair(
    pair: Sequence["Axes"], bins: pl.DataFrame, titles: Sequence[str], outer: bool
) -> None:
    """Draw one method's rates by group, and below them those of all users on the same axis.

    outer: whether to name the upright axes.
    """
    for axes, draw, title in zip(pair, (draw_by_group, draw_together), titles, strict=True):
        draw(axes, bins)
        axes.set_title(title)
        if outer:
            axes.set_ylabel("share, %")
    pair[0].set_xlabel("")
    pair[0].tick_params(labelbottom=False)


def _caption(view: View) -> str:
    return view.caption(
        "Inner learning rate that each method chose for each test user, of all seeds; share of "
        "the group's users in %, major users above and minor ones (hatched) below, then the share "
        "of all users. Each method has its own axis, from its smallest rate to its largest, "
        "logarithmic where the largest is more than ten times the smallest.",
        view.users_and_seeds,
        after=PAPER,
        methods=tuple(PANELS),
    )


PLOT = Plot(
    _tidy,
    _draw,
    _caption,
    applies=lambda methods: any(has_user_rates(m.kind) for m in methods.values()),
    paper=PAPER,
    methods=tuple(PANELS),
)
