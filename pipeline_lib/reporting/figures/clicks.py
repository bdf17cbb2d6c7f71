"""AUC of clicks with intervals, and box plots of users' NEL (the paper's Figure 3)."""

from typing import TYPE_CHECKING, Any

import polars as pl

from pipeline_lib.metrics.registry import find_metric
from pipeline_lib.reporting.drawing import canvas, rows
from pipeline_lib.reporting.drawing.plot import RIVALS, Plot
from pipeline_lib.reporting.drawing.style import INK, lighten
from pipeline_lib.reporting.drawing.view import Results, View, named

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CHANCE = 0.5
AREA = ("auc", "low", "high")


def _tidy(results: Results) -> pl.DataFrame:
    """Put the AUC of each method, with its interval, above the NEL of each user."""
    methods = results.methods()
    found = [(m.name, s) for m in methods if (s := m.metrics.get("auc"))]
    areas = pl.DataFrame(
        [(name, s.mean, s.low, s.high, len(s.values)) for name, s in found],
        schema={"method": pl.String, **dict.fromkeys(AREA, pl.Float64), "seeds": pl.Int64},
        orient="row",
    )
    users = results.user_errors().with_columns(pl.col("seeds").cast(pl.Int64))
    return pl.concat([named(areas, methods), users], how="diagonal")


def _draw(view: View) -> None:
    canvas.begin(view, "quality of predicted clicks", 0.75 + rows.height(view.methods))
    areas, losses = view.figure.subplots(1, 2, sharey=True)
    colours = [view.looks[m.name].colour for m in view.methods]
    _draw_areas(areas, view, colours)
    errors = [view.of(m)["nel"].drop_nulls().to_numpy() for m in view.methods]
    end = rows.axis_end(errors)
    rows.draw_boxes(losses, errors, colours, outliers=True)
    for place, values in enumerate(errors):
        rows.count_beyond(losses, place, values, end)
    losses.set_xlim(0, end)
    losses.set_xlabel(view.error_axis)
    losses.set_title("each user")
    canvas.hint(losses, f"{rows.BOXES}   ▸ users beyond")
    for axes in (areas, losses):
        rows.label(axes, view.methods)
    losses.tick_params(labelleft=False)


def _draw_areas(axes: "Axes", view: View, colours: list[str]) -> None:
    """Draw bars from chance on, with an interval where there is one."""
    look: dict[str, Any] = {"edgecolor": INK, "linewidth": 0.6}
    for place, (method, colour) in enumerate(zip(view.methods, colours, strict=True)):
        for auc, low, high in view.of(method).drop_nulls("auc").select(AREA).iter_rows():
            axes.barh(place, auc - CHANCE, 0.62, CHANCE, color=lighten(colour, 0.3), **look)
            if low is not None and high is not None:
                reach = [[auc - low], [high - auc]]
                axes.errorbar(auc, place, xerr=reach, color=INK, capsize=2, linewidth=0.8)
            rows.write_beside(axes, place, f"{auc:.4f}")
    axes.set_title("all users together")
    canvas.hint(axes, "95 % interval")
    axes.set_xlabel(f"{find_metric('auc').label} (higher is better; {CHANCE:g} is chance)")


def _caption(view: View) -> str:
    return view.caption(
        "Left: area under the ROC curve of all test users' query rows together, mean over seeds, "
        "with its 95 % bootstrap interval over users; bars begin at chance. Right: NEL (weighted "
        "cross-entropy, above 0, lower is better) of each test user, averaged over the method's "
        "seeds; boxes reach from the lower to the upper quartile, whiskers to the last user within "
        "1.5 box lengths of them; the line is the median, the diamond the mean. The axis ends "
        "before the largest losses; the users beyond it are counted at the right.",
        view.users_and_seeds,
        after="Figure 3, whose log is private and whose NEL has the opposite sign",
    )


PLOT = Plot(_tidy, _draw, _caption, paper="Figure 3", methods=RIVALS, task="click")
