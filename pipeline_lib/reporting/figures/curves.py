"""Losses by epoch, averaged over seeds."""

from collections.abc import Sequence
from typing import Any

import polars as pl
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from pipeline_lib.evaluation.comparison import MethodResult
from pipeline_lib.reporting.figures.frames import named
from pipeline_lib.reporting.figures.results import Results
from pipeline_lib.reporting.figures.style import Look

LOSSES = ("train/loss", "validation/loss")
STEPS = (1, 2, 2.5, 5, 10)
LOG_FROM = 8  # the largest loss by the smallest


def mean_losses(results: Results, methods: Sequence[MethodResult]) -> pl.DataFrame:
    """Average training and validation losses over seeds, and count the seeds that chose an epoch.

    Returns `method`, `label`, `role`, `figure`, `epoch`, `loss`, `least`, `most`, `seeds`,
    `chosen`. A seed chose the first epoch of its smallest validation loss.
    """
    losses = results.history.filter(pl.col("figure").is_in(LOSSES))
    best = pl.col("epoch").sort_by("value", "epoch").first()
    trial = ["method", "seed"]
    validated = losses.filter(figure="validation/loss")
    choices = validated.group_by(trial).agg(best.alias("best"))
    value = pl.col("value")
    means = (
        losses.join(choices, on=trial)
        .group_by("method", "figure", "epoch")
        .agg(
            value.mean().alias("loss"),
            value.min().alias("least"),
            value.max().alias("most"),
            pl.len().alias("seeds"),
            (pl.col("best") == pl.col("epoch")).sum().alias("chosen"),
        )
        .sort("method", "figure", "epoch")
    )
    return named(means, methods)


def draw_curve(axes: Axes, curve: pl.DataFrame, look: Look) -> None:
    """Draw one loss by epoch, a band from the least to the most over seeds, and chosen epochs."""
    colour, label = look.colour, curve["label"][0]
    axes.plot(curve["epoch"], curve["loss"], color=colour, linestyle=look.line, label=label)
    if curve["seeds"].max() != 1:
        axes.fill_between(
            curve["epoch"], curve["least"], curve["most"], color=colour, alpha=0.18, linewidth=0
        )
    if curve["figure"][0] == "validation/loss":
        chosen = curve.filter(pl.col("chosen") > 0)
        axes.plot(chosen["epoch"], chosen["loss"], **CHOSEN | {"markeredgecolor": colour})


CHOSEN: dict[str, Any] = {
    "linestyle": "none",
    "marker": "o",
    "markersize": 4.5,
    "markerfacecolor": "white",
    "markeredgewidth": 1.1,
}


def loss_axis(axes: Axes, losses: pl.DataFrame) -> None:
    """Choose the axes' scales and ticks; losses far apart get a logarithmic one."""
    least, most = float(losses["least"].to_numpy().min()), float(losses["most"].to_numpy().max())
    if least > 0 and most / least > LOG_FROM:
        axes.set_yscale("log")
        subs = (1.0,) if most / least > 1e3 else (1.0, 2.0, 5.0)
        axes.yaxis.set_major_locator(LogLocator(subs=subs))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    else:
        axes.yaxis.set_major_locator(MaxNLocator(nbins=4, steps=STEPS))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axes.grid(visible=True, axis="y")
