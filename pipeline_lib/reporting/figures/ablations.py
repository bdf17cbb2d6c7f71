"""Users' errors by group, of proposed methods and ablations (the paper's Figure 9)."""

import polars as pl
from matplotlib.figure import Figure

from pipeline_lib.comparison.record import Comparison
from pipeline_lib.reporting.figures.captions import caption, error_name, test_users
from pipeline_lib.reporting.figures.frames import user_errors
from pipeline_lib.reporting.figures.plot import Paper, Plot
from pipeline_lib.reporting.figures.violins import CAPTION, draw_violins

ROLES = ("proposed", "ablation")


def _draw(frame: pl.DataFrame, comparison: Comparison) -> Figure:
    return draw_violins(frame, comparison, "error by group, proposed methods and ablations")


def _caption(_: pl.DataFrame, comparison: Comparison) -> str:
    return caption(
        comparison,
        f"{error_name(comparison)} of each test user, averaged over the method's seeds, of the "
        f"proposed methods and of their ablations. {CAPTION}",
        test_users(comparison),
        "After the paper's Figure 9.",
    )


PLOT = Plot(
    name="ablations",
    applies=lambda _, methods: any(m.role == "ablation" for m in methods.values()),
    tidy=lambda results: user_errors(results, ROLES),
    draw=_draw,
    caption=_caption,
    paper=Paper(
        "Figure 9",
        ("paml", "at-paml", "reg-paml-1e-5", "reg-paml-1e-4", "reg-paml", "reg-paml-1e-2"),
    ),
)
