"""Mean error by how many support rows users adapt on."""

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from pipeline_lib.evaluation.comparison import Comparison, MethodResult
from pipeline_lib.metrics.registry import USER_ERROR
from pipeline_lib.reporting.figures.canvas import sheet
from pipeline_lib.reporting.figures.captions import caption, error_name, seeds
from pipeline_lib.reporting.figures.end_labels import LINE, End, label_ends
from pipeline_lib.reporting.figures.frames import by_role, named, shown
from pipeline_lib.reporting.figures.plot import Plot
from pipeline_lib.reporting.figures.results import Results
from pipeline_lib.reporting.figures.style import looks

LOG_FROM = 5  # the largest error by the smallest
MARGIN = 1.1  # below the least error of an axis that is cut
CUT_FROM = 2  # an error by the largest from all rows; steps sized for many can explode on one
ALL = "all"


def _tidy(results: Results) -> pl.DataFrame:
    """Average errors over users and seeds: `method`, `support_rows` (null: all), mse or nel."""
    error = USER_ERROR[results.comparison.task.kind]
    means = results.support.group_by("method", "support_rows").agg(
        pl.col(error).mean(),
        pl.col("user").n_unique().alias("users"),
        pl.col("seed").n_unique().alias("seeds"),
    )
    ordered = means.sort("method", "support_rows", nulls_last=True)
    return named(ordered, by_role(results.comparison.methods))


def _draw(frame: pl.DataFrame, comparison: Comparison) -> Figure:
    methods, error = shown(frame, comparison), USER_ERROR[comparison.task.kind]
    height = max(150, 1.2 * LINE * len(methods))
    figure = sheet(comparison, "error by number of support rows", (height + 65) / 72)
    axes = figure.add_subplot()
    _draw_lines(axes, frame, methods, comparison)
    axes.set_xlabel("support rows of a user, at most")
    axes.set_ylabel(f"mean {error_name(comparison)} (lower is better)")
    axes.grid(visible=True, axis="y")
    _scale(axes, frame[error], _ceiling(frame, error))
    label_ends(axes, _ends(frame, methods, comparison), height)
    return figure


def _draw_lines(
    axes: Axes, frame: pl.DataFrame, methods: list[MethodResult], comparison: Comparison
) -> None:
    error, styles = USER_ERROR[comparison.task.kind], looks(comparison.methods)
    sizes = frame["support_rows"].unique().sort(nulls_last=True).to_list()
    for method in methods:
        line, look = frame.filter(method=method.name), styles[method.name]
        axes.plot(
            [sizes.index(n) for n in line["support_rows"]],
            line[error],
            color=look.colour,
            linestyle=look.line,
            marker=look.marker,
            markersize=4,
            markeredgecolor="white",
            markeredgewidth=0.4,
        )
    axes.set_xticks(range(len(sizes)), [ALL if n is None else str(n) for n in sizes])
    axes.set_xlim(-0.15, len(sizes) - 0.85)


def _ceiling(frame: pl.DataFrame, error: str) -> float:
    """Find where the axis is cut off: far above every error from all rows."""
    from_all = frame.filter(pl.col("support_rows").is_null())[error]
    return CUT_FROM * float(from_all.to_numpy().max())


def _scale(axes: Axes, errors: pl.Series, ceiling: float) -> None:
    least, most = float(errors.to_numpy().min()), float(errors.to_numpy().max())
    cut = most > ceiling > least
    most = min(most, ceiling) if cut else most
    if least > 0 and most / least > LOG_FROM:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    if cut:
        axes.set_ylim(least / MARGIN, ceiling)


def _ends(frame: pl.DataFrame, methods: list[MethodResult], comparison: Comparison) -> list[End]:
    error, styles = USER_ERROR[comparison.task.kind], looks(comparison.methods)
    return [
        End(m.label, float(frame.filter(method=m.name)[error][-1]), styles[m.name]) for m in methods
    ]


def _caption(frame: pl.DataFrame, comparison: Comparison) -> str:
    name, users = error_name(comparison), int(frame["users"].to_numpy().max())
    error = USER_ERROR[comparison.task.kind]
    most = float(frame[error].to_numpy().max())
    cut = most > _ceiling(frame, error)
    beyond = f" Lines that leave the frame go up to {most:.3g}." if cut else ""
    return caption(
        comparison,
        f"Mean {name} of test users by how many of their support rows a method had to adapt on, "
        "at most: who has fewer gave all. Steps of the axis are equally wide whatever the numbers; "
        f"references are drawn in grey.{beyond} {users:,} test users; {seeds(comparison)}.",
    )


PLOT = Plot("support_size", tidy=_tidy, draw=_draw, caption=_caption)
