"""Mean error and ranking by the one setting in which methods differ, a row of panels a setting."""

from typing import TYPE_CHECKING, Any

import polars as pl

from pipeline_lib.metrics.metric import Metric
from pipeline_lib.metrics.registry import metric_for
from pipeline_lib.reporting.drawing import canvas
from pipeline_lib.reporting.drawing.plot import Methods, Plot
from pipeline_lib.reporting.drawing.style import INK
from pipeline_lib.reporting.drawing.view import Results, View, named
from pipeline_lib.settings.sweep import curves

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOG_FROM = 8  # the largest value by the smallest
COLUMNS = {
    "method": pl.String(),
    "curve": pl.Int64(),
    "setting": pl.String(),
    "value": pl.Float64(),
    "metric": pl.String(),
    "mean": pl.Float64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
}


def _tidy(results: Results) -> pl.DataFrame:
    """Return each method's value and metrics: the mean over users, and its 95 % interval."""
    known = {method.name: method for method in results.comparison.methods}
    rows = [
        (name, curve, setting, float(value), metric.name, own.mean, own.low, own.high)
        for curve, (setting, values) in enumerate(curves(results.settings))
        for name, value in values.items()
        for metric in _metrics(results.comparison.task.kind)
        if name in known and (own := known[name].metrics.get(metric.name))
    ]
    frame = pl.DataFrame(rows, COLUMNS, orient="row")
    return named(frame, results.methods()).sort("curve", "metric", "value", maintain_order=True)


def _metrics(task: Any) -> list[Metric]:  # noqa: ANN401
    return [metric_for("error", task), metric_for("ranking", task)]


def _draw(view: View) -> None:
    found = view.frame["curve"].unique(maintain_order=True).to_list()
    canvas.begin(view, "metrics by one setting", 0.4 + 2.0 * max(1, len(found)))
    metrics = _metrics(view.comparison.task.kind)
    grid = view.figure.subplots(max(1, len(found)), len(metrics), squeeze=False)
    for row, curve in zip(grid, found, strict=False):
        for axes, metric in zip(row, metrics, strict=True):
            own = view.frame.filter(curve=curve, metric=metric.name)
            _draw_curve(axes, own)
            better = "higher" if metric.higher_is_better else "lower"
            axes.set_ylabel(f"mean {metric.label} ({better} is better)")


def _draw_curve(axes: "Axes", own: pl.DataFrame) -> None:
    values = own["value"].to_list()
    axes.plot(values, own["mean"], color=INK, marker="o", markersize=3)
    if own["low"].null_count() == 0:
        axes.fill_between(values, own["low"], own["high"], color=INK, alpha=0.12, linewidth=0)
    if values and min(values) > 0 and max(values) / min(values) > LOG_FROM:
        canvas.log_axis(axes, "x", (1,))
    axes.set_xlabel("".join(own["setting"].unique()))
    axes.grid(visible=True, axis="y")


def _caption(view: View) -> str:
    text = "Methods that differ in one number alone, by its value: means over test users and seeds,"
    return view.caption(f"{text} with 95 % bootstrap intervals over users.", view.users_and_seeds)


def _applies(methods: Methods) -> bool:
    unlike = {"label", "role"}
    return bool(curves({n: own.model_dump(exclude=unlike) for n, own in methods.items()}))


PLOT = Plot(_tidy, _draw, _caption, applies=_applies)
