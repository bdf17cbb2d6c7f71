"""Training and validation loss by epoch, one panel a learner."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl

from pipeline_lib.evaluation.comparison import MethodResult
from pipeline_lib.metrics.errors import aggregate
from pipeline_lib.reporting.drawing import canvas
from pipeline_lib.reporting.drawing.plot import Plot, is_learner
from pipeline_lib.reporting.drawing.style import INK, MIDDLE, Look
from pipeline_lib.reporting.drawing.view import Results, View, named

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

LOSSES = ("train/loss", "validation/loss")
LOG_FROM = 8  # the largest loss by the smallest
COLUMNS = 4
TRAIN = Look(MIDDLE, "", (0, (3, 1.2)))
CHOSEN: dict[str, Any] = {
    "linestyle": "none",
    "marker": "o",
    "markersize": 4.5,
    "markerfacecolor": "white",
    "markeredgewidth": 1.1,
}


def mean_losses(results: Results, methods: Sequence[MethodResult]) -> pl.DataFrame:
    """Average training and validation losses over seeds, and count the seeds that chose an epoch.

    Returns `method`, `label`, `role`, `figure`, `epoch`, `loss`, `least`, `most`, `seeds`,
    `chosen`. A seed chose the first epoch of its smallest validation loss.
    """
    losses = results.history.filter(pl.col("figure").is_in(LOSSES))
    best = pl.col("epoch").sort_by("value", "epoch").first()
    trained = ["method", "seed"]
    choices = losses.filter(figure="validation/loss").group_by(trained).agg(best.alias("best"))
    value = pl.col("value")
    means = aggregate(
        losses.join(choices, on=trained, maintain_order="left"),
        ["method", "figure", "epoch"],
        loss=value.mean(),
        least=value.min(),
        most=value.max(),
        seeds=pl.len(),
        chosen=(pl.col("best") == pl.col("epoch")).sum(),
    )
    return named(means, methods)


def draw_curve(axes: "Axes", curve: pl.DataFrame, look: Look) -> None:
    """Draw one loss by epoch, a band from the least to the most over seeds, and chosen epochs."""
    epochs, colour = curve["epoch"], look.colour
    axes.plot(epochs, curve["loss"], color=colour, linestyle=look.line, label=curve["label"][0])
    if curve["seeds"].max() != 1:
        band: dict[str, Any] = {"color": colour, "alpha": 0.18, "linewidth": 0}
        axes.fill_between(epochs, curve["least"], curve["most"], **band)
    if curve["figure"][0] == "validation/loss":
        chosen = curve.filter(pl.col("chosen") > 0)
        axes.plot(chosen["epoch"], chosen["loss"], **CHOSEN | {"markeredgecolor": colour})


def loss_axis(axes: "Axes", losses: pl.DataFrame) -> None:
    """Choose the axes' scales and ticks; losses far apart get a logarithmic one."""
    least, most = float(losses["least"].to_numpy().min()), float(losses["most"].to_numpy().max())
    if least > 0 and most / least > LOG_FROM:
        canvas.log_axis(axes, "y", (1,) if most / least > 1e3 else (1, 2, 5))
    else:
        axes.locator_params("y", nbins=4)
    axes.locator_params("x", nbins=5, integer=True, steps=None)
    axes.grid(visible=True, axis="y")


def _tidy(results: Results) -> pl.DataFrame:
    return mean_losses(results, results.methods())


def _draw(view: View) -> None:
    found = canvas.method_panels(view, "loss by epoch", COLUMNS, edge=0.65, each=1.3)
    for axes, method in found:
        losses = view.of(method)
        train, validation = (losses.filter(figure=name) for name in LOSSES)
        draw_curve(axes, train, TRAIN)
        draw_curve(axes, validation, replace(view.looks[method.name], line="-"))
        loss_axis(axes, losses)
    for axes, _ in found[::COLUMNS]:
        axes.set_ylabel("mean loss")
    for axes, _ in found[(len(found) - 1) // COLUMNS * COLUMNS :]:
        axes.set_xlabel("epoch")
    canvas.legend(view, _handles())


def _handles() -> list["Line2D"]:
    from matplotlib.lines import Line2D

    return [
        Line2D([], [], color=INK, label="validation users (in colour)"),
        Line2D([], [], color=MIDDLE, linestyle=TRAIN.line, label="training users"),
        Line2D([], [], **CHOSEN | {"markeredgecolor": INK}, label="epoch chosen"),
    ]


def _caption(view: View) -> str:
    return view.caption(
        "Loss of training users, while weights still change, and of validation users, after each "
        "epoch: mean over seeds, with a band from the least to the most where there are several. "
        "Rings: epochs of the smallest validation loss, whose weights are used. Each panel has its "
        f"own axis, logarithmic where losses are far apart; lower is better; {view.seeds}.",
    )


PLOT = Plot(
    _tidy,
    _draw,
    _caption,
    applies=lambda methods: any(is_learner(m.kind) for m in methods.values()),
)
