"""Users' errors by group, of baselines and proposed methods (the paper's Figure 10)."""

import polars as pl
from matplotlib.figure import Figure

from pipeline_lib.comparison.record import Comparison
from pipeline_lib.reporting.figures.captions import caption, error_name, users_and_seeds
from pipeline_lib.reporting.figures.frames import user_errors
from pipeline_lib.reporting.figures.plot import Plot
from pipeline_lib.reporting.figures.results import Results
from pipeline_lib.reporting.figures.violins import CAPTION, draw_violins

ROLES = ("baseline", "proposed")


def _tidy(results: Results) -> pl.DataFrame:
    return user_errors(results, ROLES)


def _draw(frame: pl.DataFrame, comparison: Comparison) -> Figure:
    return draw_violins(frame, comparison, "error by group, baselines and proposed methods")


def _caption(_: pl.DataFrame, comparison: Comparison) -> str:
    return caption(
        comparison,
        f"{error_name(comparison)} of each test user, averaged over the method's seeds, of the "
        f"baselines and of the proposed methods. {CAPTION}",
        users_and_seeds(comparison),
        "After the paper's Figure 10.",
    )


PLOT = Plot("groups", tidy=_tidy, draw=_draw, caption=_caption)
