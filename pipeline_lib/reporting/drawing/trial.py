"""One trained method at a glance: its losses, what support rows were worth to it, its rates."""

from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pipeline_lib.metrics.errors import aggregate
from pipeline_lib.reporting.drawing import canvas
from pipeline_lib.reporting.drawing.style import (
    EDGES,
    INK,
    MARKERS,
    MIDDLE,
    STYLE,
    fill,
    shown_groups,
)
from pipeline_lib.reporting.drawing.view import Results, View
from pipeline_lib.storage.tables import atomic_path

PIXELS_PER_INCH = 150
BINS = 30
BARS: Final = "stepfilled"  # one outline, which takes less time than thirty bars
# Shares of the sheet. Each trial has a plot; to find its margins would take a quarter of its time.
MARGINS = {"left": 0.065, "right": 0.985, "bottom": 0.22, "top": 0.83, "wspace": 0.25}


def write_trial(results: Results, method: str, seed: int, path: Path) -> None:
    """Write a PNG of one trial's losses by epoch, errors by support rows and inner rates."""
    with style.context(["default", STYLE]):
        figure = draw_trial(results, method, seed)
        with atomic_path(path) as temporary:
            figure.savefig(temporary, format="png", dpi=PIXELS_PER_INCH)


def draw_trial(results: Results, method: str, seed: int) -> Figure:
    """Draw what there is of one trial: a method without epochs or rates has fewer panels.

    One that was stopped has its losses at most.
    """
    history, support, rates = (
        frame.filter(method=method, seed=seed)
        for frame in (results.history, results.support, results.rates)
    )
    drawn = [(_losses, history), (_support, support), (_rates, rates)]
    shown = [(draw, frame) for draw, frame in drawn if not frame.is_empty()]
    view = View(results.users, results.comparison)
    canvas.begin(view, f"{method}, seed {seed}", 2.2)
    panels = view.figure.subplots(1, len(shown), squeeze=False)[0] if shown else ()
    view.figure.subplots_adjust(**MARGINS)
    for axes, (draw, frame) in zip(panels, shown, strict=True):
        draw(axes, frame)
    return view.figure


def _losses(axes: Axes, history: pl.DataFrame) -> None:
    for part, colour in (("train", MIDDLE), ("validation", INK)):
        own = history.filter(figure=f"{part}/loss").sort("epoch")
        axes.plot(own["epoch"], own["value"], color=colour, label=part)
    best = own["value"].arg_min() or 0
    axes.plot(own["epoch"][best], own["value"][best], "o", color=INK, markersize=4, label="chosen")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(xlabel="epoch", title="loss")
    axes.legend()


def _support(axes: Axes, support: pl.DataFrame) -> None:
    error = "mse" if "mse" in support.columns else "nel"
    limits = support["support_rows"].unique().sort(nulls_last=True).to_list()
    for group in shown_groups(support):
        own, value = support.filter(group=group), pl.col(error).mean()
        means = aggregate(own, ["support_rows"], **{error: value})
        means = means.sort("support_rows", nulls_last=True)
        places = [limits.index(limit) for limit in means["support_rows"]]
        colour, marker = EDGES[group], MARKERS[group]
        axes.plot(
            places, means[error], color=colour, marker=marker, markersize=3, label=f"{group} users"
        )
    axes.set_xticks(range(len(limits)), ["all" if n is None else f"{n}" for n in limits])
    axes.set(xlabel="support rows at most", title=f"test {error.upper()}")
    axes.legend()


def _rates(axes: Axes, rates: pl.DataFrame) -> None:
    edges = np.histogram_bin_edges(rates["inner_lr"].to_numpy(), BINS).tolist()
    for group in shown_groups(rates):
        own = rates.filter(group=group)["inner_lr"].to_numpy()
        axes.hist(own, edges, histtype=BARS, alpha=0.6, label=f"{group} users", **fill(group))
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.set(xlabel="inner learning rate", title="test users")
    axes.legend(loc="upper right")
