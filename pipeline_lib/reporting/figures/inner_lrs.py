"""Histograms of users' inner learning rates by method (the paper's Figures 4 and 7)."""

import polars as pl
from matplotlib.figure import Figure

from pipeline_lib.evaluation.comparison import Comparison
from pipeline_lib.reporting.figures.canvas import legend, panels, sheet, short
from pipeline_lib.reporting.figures.captions import caption, users_and_seeds, users_by_group
from pipeline_lib.reporting.figures.frames import by_role, shown
from pipeline_lib.reporting.figures.group_marks import handles
from pipeline_lib.reporting.figures.plot import Plot
from pipeline_lib.reporting.figures.rates import bin_rates, draw_rates
from pipeline_lib.reporting.figures.results import Results

COLUMNS = 3


def _tidy(results: Results) -> pl.DataFrame:
    return bin_rates(results.rates, by_role(results.comparison.methods))


def _draw(frame: pl.DataFrame, comparison: Comparison) -> Figure:
    methods = shown(frame, comparison)
    rows = -(-len(methods) // COLUMNS)
    figure = sheet(comparison, "inner learning rates of test users", 0.6 + 1.35 * rows)
    for place, (axes, method) in enumerate(
        zip(panels(figure, len(methods), COLUMNS), methods, strict=True)
    ):
        draw_rates(axes, frame.filter(method=method.name))
        axes.set_title(short(method.label))
        if place % COLUMNS == 0:
            axes.set_ylabel("share of group, %")
    legend(figure, handles(users_by_group(comparison)))
    return figure


def _caption(_: pl.DataFrame, comparison: Comparison) -> str:
    return caption(
        comparison,
        "Inner learning rate that each method chose for each test user, of all seeds; share of "
        "the group's users in %, major users above and minor ones (hatched) below. Each panel has "
        "its own axis, from its smallest rate to its largest, logarithmic where the largest is "
        "more than ten times the smallest.",
        users_and_seeds(comparison),
        "After the paper's Figures 4 and 7.",
    )


PLOT = Plot("inner_lrs", tidy=_tidy, draw=_draw, caption=_caption)
