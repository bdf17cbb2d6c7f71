"""Users in a plane by their embeddings, major against minor (the paper's Figure 11)."""

from typing import TYPE_CHECKING, Any

import polars as pl

from pipeline_lib.reporting.drawing import canvas
from pipeline_lib.reporting.drawing.plot import Plot, is_embedded
from pipeline_lib.reporting.drawing.style import (
    EDGES,
    FACES,
    MARKERS,
    count_users,
    group_label,
    shown_groups,
)
from pipeline_lib.reporting.drawing.view import Results, View, named

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D


def _tidy(results: Results) -> pl.DataFrame:
    return named(results.projection, results.methods())


def _draw(view: View) -> None:
    title = "test users by their embeddings"
    for axes, method in canvas.method_panels(view, title, columns=5, edge=0.6, each=1.4):
        axes.set_title(view.panel("11", canvas.short(method.label)))
        _draw_users(axes, view.of(method), dense=view.frame.height > canvas.DENSE)
    users = count_users(view.frame)
    canvas.legend(view, [_handle(group, group_label(group, n)) for group, n in users.items()])


def _draw_users(axes: "Axes", users: pl.DataFrame, dense: bool) -> None:
    size = min(max(3000 / users.height, 0.8), 14)
    look: dict[str, Any] = {"s": size, "linewidths": 0.15, "alpha": 0.8, "rasterized": dense}
    for group in shown_groups(users):
        own = users.filter(group=group)
        colours: dict[str, Any] = {"c": FACES[group], "edgecolors": EDGES[group]}
        axes.scatter(own["x"], own["y"], marker=MARKERS[group], **colours, **look)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[["top", "right"]].set_visible(True)


def _handle(group: str, label: str) -> "Line2D":
    from matplotlib.lines import Line2D

    return Line2D(
        [],
        [],
        linestyle="none",
        marker=MARKERS[group],
        color=FACES[group],
        markeredgecolor=EDGES[group],
        markersize=5,
        label=label,
    )


def _caption(view: View) -> str:
    users = " and ".join(f"{n:,} {group}" for group, n in count_users(view.frame).items())
    return view.caption(
        "Embeddings of test users in a plane, by t-SNE (of fewer than five users, by principal "
        "components): users near each other are alike to the "
        "method; axes, scales and distances between clusters mean nothing. "
        f"{users} users, the same in all panels; one seed a method.",
        after="Figure 11",
    )


PLOT = Plot(
    _tidy,
    _draw,
    _caption,
    applies=lambda methods: any(map(is_embedded, methods.values())),
    paper="Figure 11",
)
