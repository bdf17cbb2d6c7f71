"""Users' errors by group, of methods side by side (the paper's Figures 9 and 10)."""

from collections.abc import Collection

import polars as pl
from matplotlib.figure import Figure

from pipeline_lib.evaluation.comparison import Comparison
from pipeline_lib.reporting.figures.captions import caption, error_name, users_and_seeds
from pipeline_lib.reporting.figures.frames import user_errors
from pipeline_lib.reporting.figures.plot import Plot
from pipeline_lib.reporting.figures.results import Results
from pipeline_lib.reporting.figures.violins import CAPTION, draw_violins


def _plot(name: str, roles: Collection[str], methods: str, number: int) -> Plot:
    """Show the methods of some roles, which `methods` names in words."""

    def _tidy(results: Results) -> pl.DataFrame:
        return user_errors(results, roles)

    def _draw(frame: pl.DataFrame, comparison: Comparison) -> Figure:
        return draw_violins(frame, comparison, f"error by group, {methods}")

    def _caption(_: pl.DataFrame, comparison: Comparison) -> str:
        error = error_name(comparison)
        return caption(
            comparison,
            f"{error} of each test user, averaged over the method's seeds; {methods}. {CAPTION}",
            users_and_seeds(comparison),
            f"After the paper's Figure {number}.",
        )

    return Plot(name, _tidy, _draw, _caption)


ABLATIONS = _plot("ablations", ("proposed", "ablation"), "proposed methods and ablations", 9)
GROUPS = _plot("groups", ("baseline", "proposed"), "baselines and proposed methods", 10)
