"""AT-PAML beside its failure with a large outer learning rate (the paper's Figure 8)."""

from typing import TYPE_CHECKING

import polars as pl

from pipeline_lib.reporting.drawing import canvas
from pipeline_lib.reporting.drawing.plot import Plot
from pipeline_lib.reporting.drawing.rates import bin_rates
from pipeline_lib.reporting.drawing.style import group_handles
from pipeline_lib.reporting.drawing.view import Results, View
from pipeline_lib.reporting.figures.inner_lrs import HEIGHTS, draw_pair
from pipeline_lib.reporting.figures.learning_curves import draw_curve, loss_axis, mean_losses

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FAILED = "at-paml-outer-5e-4"
METHODS = ("at-paml", FAILED)


def _tidy(results: Results) -> pl.DataFrame:
    """Put the validation losses by epoch above the bins of inner learning rates."""
    methods = [m for m in results.methods() if m.name in METHODS]
    losses = mean_losses(results, methods).filter(figure="validation/loss")
    return pl.concat([losses, bin_rates(results.rates, methods)], how="diagonal")


def _draw(view: View) -> None:
    canvas.begin(view, "AT-PAML and the paper's failure case", 2.8)
    grid = view.figure.add_gridspec(2, 3, width_ratios=(1.25, 1, 1), height_ratios=HEIGHTS)
    _draw_losses(view.figure.add_subplot(grid[:, 0]), view)
    for place, method in enumerate(view.methods, start=1):
        pair = [view.figure.add_subplot(grid[n, place]) for n in (0, 1)]
        paper = "8" if method.name == FAILED else None
        titles = view.panel(paper, canvas.short(method.label)), view.panel(paper, "all users")
        draw_pair(pair, view.of(method).drop_nulls("group"), titles, outer=place == 1)
    canvas.legend(view, group_handles(view.users_by_group))


def _draw_losses(axes: "Axes", view: View) -> None:
    losses = view.frame.filter(figure="validation/loss")
    for method in view.methods:
        draw_curve(axes, losses.filter(method=method.name), view.looks[method.name])
    loss_axis(axes, losses)
    axes.set_title("validation loss (lower is better)")
    axes.set_xlabel("epoch")
    axes.set_ylabel("mean loss")
    axes.legend()


def _caption(view: View) -> str:
    return view.caption(
        "AT-PAML beside AT-PAML with a large outer learning rate (the paper's failure case). "
        "Left: loss of validation users after each epoch, mean over seeds, with a band from the "
        "least to the most where there are several; rings: epochs of the smallest loss, whose "
        "weights are used. Middle and right: inner learning rates of test users, of all seeds, in "
        "% of the group's, major users above and minor ones (hatched) below, then in % of all "
        "users'.",
        view.users_and_seeds,
        after="Figure 8",
    )


PLOT = Plot(
    _tidy,
    _draw,
    _caption,
    applies=lambda methods: methods.keys() >= set(METHODS),
    paper="Figure 8",
    methods=METHODS,
)
