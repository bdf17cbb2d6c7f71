"""Users in a plane by their embeddings, major against minor (the paper's Figure 11)."""

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from pipeline_lib.evaluation.comparison import Comparison
from pipeline_lib.reporting.figures.canvas import DENSE, legend, panels, sheet, short
from pipeline_lib.reporting.figures.captions import caption
from pipeline_lib.reporting.figures.frames import by_role, named, shown
from pipeline_lib.reporting.figures.group_marks import (
    EDGES,
    FACES,
    MARKERS,
    count_users,
    shown_groups,
)
from pipeline_lib.reporting.figures.plot import Plot
from pipeline_lib.reporting.figures.results import Results

COLUMNS = 5


def _tidy(results: Results) -> pl.DataFrame:
    return named(results.projection, by_role(results.comparison.methods))


def _draw(frame: pl.DataFrame, comparison: Comparison) -> Figure:
    methods = shown(frame, comparison)
    rows = -(-len(methods) // COLUMNS)
    figure = sheet(comparison, "test users by their embeddings", 0.6 + 1.4 * rows)
    dense = frame.height > DENSE
    for axes, method in zip(panels(figure, len(methods), COLUMNS), methods, strict=True):
        _draw_users(axes, frame.filter(method=method.name), dense)
        axes.set_title(short(method.label))
    legend(figure, _handles(frame))
    return figure


def _draw_users(axes: Axes, users: pl.DataFrame, dense: bool) -> None:
    size = min(max(3000 / users.height, 0.8), 14)
    for group in shown_groups(users):
        own = users.filter(group=group)
        axes.scatter(
            own["x"],
            own["y"],
            s=size,
            c=FACES[group],
            marker=MARKERS[group],
            edgecolors=EDGES[group],
            linewidths=0.15,
            alpha=0.8,
            rasterized=dense,
        )
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[["top", "right"]].set_visible(True)


def _handles(frame: pl.DataFrame) -> list[Line2D]:
    return [
        Line2D(
            [],
            [],
            linestyle="none",
            marker=MARKERS[group],
            color=FACES[group],
            markeredgecolor=EDGES[group],
            markersize=5,
            label=f"{group} users (n = {number:,})",
        )
        for group, number in count_users(frame).items()
    ]


def _caption(frame: pl.DataFrame, comparison: Comparison) -> str:
    users = " and ".join(f"{n:,} {group}" for group, n in count_users(frame).items())
    return caption(
        comparison,
        "Embeddings of test users in a plane, by t-SNE (of fewer than five users, by principal "
        "components): users near each other are alike to the "
        "method; axes, scales and distances between clusters mean nothing. "
        f"{users} users, the same in all panels; one seed a method.",
        "After the paper's Figure 11.",
    )


PLOT = Plot("embeddings", tidy=_tidy, draw=_draw, caption=_caption)
