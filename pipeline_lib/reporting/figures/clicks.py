"""AUC, NEL of each user, and mean NEL (the paper's Figure 3)."""

from typing import TYPE_CHECKING, Any

import polars as pl

from pipeline_lib.metrics.registry import find_metric
from pipeline_lib.reporting.drawing import canvas, rows
from pipeline_lib.reporting.drawing.plot import TABLE_2, Plot
from pipeline_lib.reporting.drawing.style import INK
from pipeline_lib.reporting.drawing.view import Results, View, named

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FROM = {"auc": 0.5, "nel": 0.0}  # where bars begin: for the AUC at chance
MEANS = {
    "metric": pl.String,
    **dict.fromkeys(("mean", "low", "high"), pl.Float64),
    "seeds": pl.Int64,
}


def _tidy(results: Results) -> pl.DataFrame:
    """Put each method's AUC and NEL, with their intervals, above the NEL of each user."""
    methods = results.methods()
    found = [(m.name, name, m.metrics[name]) for m in methods for name in FROM if name in m.metrics]
    means = pl.DataFrame(
        [(method, name, s.mean, s.low, s.high, len(s.values)) for method, name, s in found],
        schema={"method": pl.String, **MEANS},
        orient="row",
    )
    users = results.user_errors().with_columns(pl.col("seeds").cast(pl.Int64))
    return pl.concat([named(means, methods), users], how="diagonal")


def _draw(view: View) -> None:
    canvas.begin(view, "quality of predicted clicks", 0.75 + rows.height(view.methods))
    areas, users, losses = view.figure.subplots(1, 3, sharey=True)
    _draw_bars(areas, view, "auc")
    areas.set_title(view.panel("3a", "all rows"))
    areas.set_xlabel(f"{find_metric('auc').label} (higher is better)")
    _draw_users(users, view)
    _draw_bars(losses, view, "nel")
    losses.set_title(view.panel("3c", "mean"))
    losses.set_xlabel(f"{view.error_name} (lower is better)")
    for axes in (users, losses):
        axes.tick_params(labelleft=False)


def _draw_users(axes: "Axes", view: View) -> None:
    errors = [view.of(m)["nel"].drop_nulls().to_numpy() for m in view.methods]
    looks = [rows.tinted(view.looks[m.name].colour) for m in view.methods]
    rows.draw_boxes(axes, [*map(rows.Box, range(len(errors)), errors, looks)])
    end = rows.axis_end(errors)
    for place, values in enumerate(errors):
        rows.count_beyond(axes, place, values, end)
    rows.label(axes, view.methods)
    axes.set_xlim(0, end)
    axes.set_xlabel(view.error_axis)
    axes.set_title(view.panel("3b", "each user"))
    canvas.hint(axes, "▸ users beyond")


def _draw_bars(axes: "Axes", view: View, metric: str) -> None:
    """Draw bars of the mean, with an interval where there is one."""
    start, digits = FROM[metric], find_metric(metric).digits
    thin: dict[str, Any] = {"color": INK, "capsize": 2, "linewidth": 0.8}
    for place, method in enumerate(view.methods):
        own = view.of(method).filter(metric=metric).select("mean", "low", "high")
        for mean, low, high in own.iter_rows():
            look = rows.tinted(view.looks[method.name].colour)
            axes.barh(place, mean - start, 0.62, start, **look)
            if low is not None and high is not None:
                axes.errorbar(mean, place, xerr=[[mean - low], [high - mean]], **thin)
            rows.write_beside(axes, place, f"{mean:.{digits}f}")
    rows.label(axes, view.methods)
    canvas.hint(axes, "95 % interval")


def _caption(view: View) -> str:
    return view.caption(
        "Left: area under the ROC curve of all test users' query rows together, mean over seeds, "
        "with its 95 % bootstrap interval over users; bars begin at chance. Middle: NEL (weighted "
        "cross-entropy, above 0, lower is better) of each test user, averaged over the method's "
        f"seeds. {rows.BOXES_CAPTION} The axis ends before the largest losses; the users beyond it "
        "are counted at the right. Right: mean NEL over users and seeds, with its 95 % bootstrap "
        "interval over users.",
        view.users_and_seeds,
        after="Figure 3, whose log is private and whose NEL has the opposite sign",
        methods=TABLE_2,
    )


PLOT = Plot(_tidy, _draw, _caption, paper="Figure 3", methods=TABLE_2, task="click")
