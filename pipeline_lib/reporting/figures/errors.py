"""Box plots of users' errors, whole and enlarged (the paper's Figures 5 and 6)."""

import polars as pl
from matplotlib.figure import Figure

from pipeline_lib.evaluation.comparison import Comparison
from pipeline_lib.metrics.registry import USER_ERROR
from pipeline_lib.reporting.figures.boxes import HINT, draw_boxes
from pipeline_lib.reporting.figures.canvas import (
    count_beyond,
    hint,
    method_rows,
    rows_height,
    sheet,
)
from pipeline_lib.reporting.figures.captions import caption, error_axis, error_name, users_and_seeds
from pipeline_lib.reporting.figures.frames import shown, user_errors
from pipeline_lib.reporting.figures.plot import Plot
from pipeline_lib.reporting.figures.style import looks

PAPER = {"bookcrossing": "Figure 5", "movielens": "Figure 6"}


def _draw(frame: pl.DataFrame, comparison: Comparison) -> Figure:
    methods, error = shown(frame, comparison), USER_ERROR[comparison.task.kind]
    styles = looks(comparison.methods)
    rows = [frame.filter(method=m.name)[error].to_numpy() for m in methods]
    colours = [styles[m.name].colour for m in methods]
    figure = sheet(comparison, "error of each test user", 0.75 + rows_height(methods))
    whole, enlarged = figure.subplots(1, 2, sharey=True)
    for axes, outliers in ((whole, True), (enlarged, False)):
        end = draw_boxes(axes, rows, colours, outliers)
        axes.set_xlabel(error_axis(comparison))
        method_rows(axes, methods)
    whole.set_xlim(left=0)
    whole.set_title("all users")
    enlarged.set_xlim(0, 1.04 * end)
    enlarged.set_title("enlarged")
    hint(enlarged, f"{HINT}   ▸ users beyond")
    for place, row in enumerate(rows):
        count_beyond(enlarged, place, row, 1.04 * end)
    enlarged.tick_params(labelleft=False)
    return figure


def _caption(_: pl.DataFrame, comparison: Comparison) -> str:
    name = error_name(comparison)
    return caption(
        comparison,
        f"{name} of each test user, averaged over the method's seeds. Left: all users; right: "
        "the same boxes enlarged, without outliers, and how many users lie beyond. Boxes reach "
        "from the lower to the upper quartile, whiskers to the last user within 1.5 box lengths of "
        "them; the line is the median, the diamond the mean.",
        users_and_seeds(comparison),
        f"After the paper's {PAPER.get(comparison.dataset, 'Figures 5 and 6')}.",
    )


PLOT = Plot("errors", tidy=user_errors, draw=_draw, caption=_caption)
