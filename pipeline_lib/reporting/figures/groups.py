"""Users' errors by group, of baselines and proposed methods (the paper's Figure 10)."""

import polars as pl
from matplotlib.figure import Figure

from pipeline_lib.comparison.record import Comparison
from pipeline_lib.reporting.figures.captions import caption, error_name, test_users
from pipeline_lib.reporting.figures.frames import user_errors
from pipeline_lib.reporting.figures.plot import Paper, Plot
from pipeline_lib.reporting.figures.violins import CAPTION, draw_violins

ROLES = ("baseline", "proposed")


def _draw(frame: pl.DataFrame, comparison: Comparison) -> Figure:
    return draw_violins(frame, comparison, "error by group, baselines and proposed methods")


def _caption(_: pl.DataFrame, comparison: Comparison) -> str:
    return caption(
        comparison,
        f"{error_name(comparison)} of each test user, averaged over the method's seeds, of the "
        f"baselines and of the proposed methods. {CAPTION}",
        test_users(comparison),
        "After the paper's Figure 10.",
    )


PLOT = Plot(
    name="groups",
    applies=lambda _, methods: any(m.role in ROLES for m in methods.values()),
    tidy=lambda results: user_errors(results, ROLES),
    draw=_draw,
    caption=_caption,
    paper=Paper("Figure 10", ("transfer", "melu", "meta-sgd", "at-paml", "reg-paml")),
)
