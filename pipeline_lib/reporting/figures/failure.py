"""AT-PAML beside its failure with a large outer learning rate (the paper's Figure 8)."""

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline_lib.evaluation.comparison import Comparison, MethodResult
from pipeline_lib.reporting.figures.canvas import legend, sheet, short
from pipeline_lib.reporting.figures.captions import caption, users_and_seeds, users_by_group
from pipeline_lib.reporting.figures.curves import draw_curve, loss_axis, mean_losses
from pipeline_lib.reporting.figures.frames import by_role, shown
from pipeline_lib.reporting.figures.group_marks import handles
from pipeline_lib.reporting.figures.plan import FAILURE
from pipeline_lib.reporting.figures.plot import Plot
from pipeline_lib.reporting.figures.rates import bin_rates, draw_rates
from pipeline_lib.reporting.figures.results import Results
from pipeline_lib.reporting.figures.style import looks


def _tidy(results: Results) -> pl.DataFrame:
    """Put the validation losses by epoch above the bins of inner learning rates."""
    methods = [m for m in by_role(results.comparison.methods) if m.name in FAILURE]
    losses = mean_losses(results, methods).filter(figure="validation/loss")
    return pl.concat([losses, bin_rates(results.rates, methods)], how="diagonal")


def _draw(frame: pl.DataFrame, comparison: Comparison) -> Figure:
    methods = shown(frame, comparison)
    figure = sheet(comparison, "AT-PAML and the paper's failure case", 2.3)
    curves, *histograms = figure.subplots(1, 1 + len(methods), width_ratios=(1.25, 1, 1))
    _draw_losses(curves, frame, methods, comparison)
    for axes, method in zip(histograms, methods, strict=True):
        draw_rates(axes, frame.filter(pl.col("group").is_not_null(), method=method.name))
        axes.set_title(short(method.label))
    histograms[0].set_ylabel("share of group, %")
    legend(figure, handles(users_by_group(comparison)))
    return figure


def _draw_losses(
    axes: Axes, frame: pl.DataFrame, methods: list[MethodResult], comparison: Comparison
) -> None:
    styles, losses = looks(comparison.methods), frame.filter(figure="validation/loss")
    for method in methods:
        draw_curve(axes, losses.filter(method=method.name), styles[method.name])
    loss_axis(axes, losses)
    axes.set_title("validation loss (lower is better)")
    axes.set_xlabel("epoch")
    axes.set_ylabel("mean loss")
    axes.legend()


def _caption(_: pl.DataFrame, comparison: Comparison) -> str:
    return caption(
        comparison,
        "AT-PAML beside AT-PAML with an outer learning rate of 5e-4 (the paper's failure case). "
        "Left: loss of validation users after each epoch, mean over seeds, with a band from the "
        "least to the most where there are several; rings: epochs of the smallest loss, whose "
        "weights are used. Middle and right: inner learning rates of test users, of all seeds, in "
        "% of the group's, major users above and minor ones (hatched) below.",
        users_and_seeds(comparison),
        "After the paper's Figure 8.",
    )


PLOT = Plot("failure", tidy=_tidy, draw=_draw, caption=_caption)
