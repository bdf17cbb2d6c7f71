"""Training and validation loss by epoch, one panel a learner."""

from dataclasses import replace

import polars as pl
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from pipeline_lib.evaluation.comparison import Comparison
from pipeline_lib.reporting.figures.canvas import legend, panels, sheet, short
from pipeline_lib.reporting.figures.captions import caption, seeds
from pipeline_lib.reporting.figures.curves import CHOSEN, draw_curve, loss_axis, mean_losses
from pipeline_lib.reporting.figures.frames import by_role, shown
from pipeline_lib.reporting.figures.plot import Plot
from pipeline_lib.reporting.figures.results import Results
from pipeline_lib.reporting.figures.style import INK, MIDDLE, Look, looks

COLUMNS = 4
TRAIN = Look(MIDDLE, "", (0, (3, 1.2)))


def _tidy(results: Results) -> pl.DataFrame:
    return mean_losses(results, by_role(results.comparison.methods))


def _draw(frame: pl.DataFrame, comparison: Comparison) -> Figure:
    methods, styles = shown(frame, comparison), looks(comparison.methods)
    rows = -(-len(methods) // COLUMNS)
    figure = sheet(comparison, "loss by epoch", 0.65 + 1.3 * rows)
    for place, (axes, method) in enumerate(
        zip(panels(figure, len(methods), COLUMNS), methods, strict=True)
    ):
        losses = frame.filter(method=method.name)
        train, validation = (losses.filter(figure=f"{n}/loss") for n in ("train", "validation"))
        draw_curve(axes, train, TRAIN)
        draw_curve(axes, validation, replace(styles[method.name], line="-"))
        loss_axis(axes, losses)
        axes.set_title(short(method.label))
        if place % COLUMNS == 0:
            axes.set_ylabel("mean loss")
        if place // COLUMNS == rows - 1:
            axes.set_xlabel("epoch")
    legend(figure, _handles())
    return figure


def _handles() -> list[Line2D]:
    return [
        Line2D([], [], color=INK, label="validation users (in colour)"),
        Line2D([], [], color=MIDDLE, linestyle=TRAIN.line, label="training users"),
        Line2D([], [], **CHOSEN | {"markeredgecolor": INK}, label="epoch chosen"),
    ]


def _caption(_: pl.DataFrame, comparison: Comparison) -> str:
    return caption(
        comparison,
        "Loss of training users, while weights still change, and of validation users, after each "
        "epoch: mean over seeds, with a band from the least to the most where there are several. "
        "Rings: epochs of the smallest validation loss, whose weights are used. Each panel has its "
        f"own axis, logarithmic where losses are far apart; lower is better; {seeds(comparison)}.",
    )


PLOT = Plot("learning_curves", tidy=_tidy, draw=_draw, caption=_caption)
