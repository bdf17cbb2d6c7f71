"""Mean error by how many support rows users adapt on."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from pipeline_lib.metrics.errors import aggregate
from pipeline_lib.metrics.registry import metric_for
from pipeline_lib.reporting.drawing import canvas
from pipeline_lib.reporting.drawing.plot import Plot
from pipeline_lib.reporting.drawing.view import Results, View, named

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOG_FROM = 5  # the largest error by the smallest
MARGIN = 1.1  # below the least error of an axis that is cut
CUT_FROM = 2  # an error by the largest from all rows; steps sized for many can explode on one
ALL = "all"
LINE = 9.0  # points from a line's name to the next
BESIDE: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points"}
LEADER = {"arrowstyle": "-", "linewidth": 0.7, "shrinkA": 0, "shrinkB": 0}
NAME = 22  # points from the axes to where the name begins


def _tidy(results: Results) -> pl.DataFrame:
    """Average errors over users and seeds: `method`, `support_rows` (null: all), mse or nel."""
    error = metric_for("error", results.comparison.task.kind).column
    counts = {f"{name}s": pl.col(name).n_unique() for name in ("user", "seed")}
    keys = ["method", "support_rows"]
    means = aggregate(results.support, keys, **{error: pl.col(error).mean()}, **counts)
    return named(means.sort("method", "support_rows", nulls_last=True), results.methods())


def _draw(view: View) -> None:
    height = max(150, 1.2 * LINE * len(view.methods))
    canvas.begin(view, "error by number of support rows", (height + 65) / 72)
    axes = view.figure.add_subplot()
    _draw_lines(axes, view)
    axes.set_xlabel("support rows of a user, at most")
    axes.set_ylabel(f"mean {view.error_name} (lower is better)")
    axes.grid(visible=True, axis="y")
    _scale(axes, view)
    _name_lines(axes, view, height)


def _draw_lines(axes: "Axes", view: View) -> None:
    sizes = view.frame["support_rows"].unique().sort(nulls_last=True).to_list()
    for method in view.methods:
        line, look = view.of(method), view.looks[method.name]
        axes.plot(
            [sizes.index(n) for n in line["support_rows"]],
            line[view.error],
            color=look.colour,
            linestyle=look.line,
            marker=look.marker,
            markersize=4,
            markeredgecolor="white",
            markeredgewidth=0.4,
        )
    axes.set_xticks(range(len(sizes)), [ALL if n is None else str(n) for n in sizes])
    axes.set_xlim(-0.15, len(sizes) - 0.85)


def _reach(view: View) -> tuple[float, float, float]:
    """Return the least and the largest error, and where the axis is cut off if one lies beyond."""
    errors = view.frame[view.error].to_numpy()
    from_all = view.frame.filter(pl.col("support_rows").is_null())[view.error].to_numpy()
    return float(errors.min()), float(errors.max()), CUT_FROM * float(from_all.max())


def _scale(axes: "Axes", view: View) -> None:
    least, most, ceiling = _reach(view)
    cut = most > ceiling > least
    if least > 0 and (ceiling if cut else most) / least > LOG_FROM:
        canvas.log_axis(axes, "y", (1, 2, 5))
    if cut:
        axes.set_ylim(least / MARGIN, ceiling)


def _name_lines(axes: "Axes", view: View, height: float) -> None:
    """Write names beside the axes, about `height` points high, each led to its line's end."""
    to_axes = axes.transData + axes.transAxes.inverted()
    lasts = [float(view.of(m)[view.error][-1]) for m in view.methods]
    ends = [float(to_axes.transform((0, last))[1]) for last in lasts]
    for method, end, place in zip(view.methods, ends, spread(ends, LINE / height), strict=True):
        up = (place - end) * height
        leader: dict[str, Any] = LEADER | {"color": view.looks[method.name].colour}
        axes.annotate("", (1, end), (NAME - 2, up), arrowprops=leader, **BESIDE)
        axes.annotate(method.label, (1, end), (NAME, up), va="center_baseline", **BESIDE)


def spread(wanted: Sequence[float], gap: float) -> list[float]:
    """Move places apart to at least `gap`: each run of them around its mean, if within 0 and 1."""
    order = np.argsort(wanted, kind="stable")
    runs: list[list[float]] = []
    for place in np.asarray(wanted)[order].tolist():
        runs.append([place])
        while len(runs) > 1 and _places(runs[-2], gap)[-1] + gap > _places(runs[-1], gap)[0]:
            runs[-2:] = [runs[-2] + runs[-1]]
    result = np.empty(len(order))
    result[order] = [place for run in runs for place in _places(run, gap)]
    return result.tolist()


def _places(run: Sequence[float], gap: float) -> list[float]:
    half = (len(run) - 1) / 2 * gap
    middle = max(min(float(np.mean(run)), 1 - half), half)
    return [middle - half + n * gap for n in range(len(run))]


def _caption(view: View) -> str:
    _, most, ceiling = _reach(view)
    beyond = f" Lines that leave the frame go up to {most:.3g}." if most > ceiling else ""
    users = int(view.frame["users"].to_numpy().max())
    return view.caption(
        f"Mean {view.error_name} of test users by how many of their support rows a method had to "
        "adapt on, at most: who has fewer gave all. Steps of the axis are equally wide whatever "
        f"the numbers.{beyond} {users:,} test users; {view.seeds}.",
    )


PLOT = Plot(_tidy, _draw, _caption)
