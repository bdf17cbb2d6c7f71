"""Errors of rows, and their means over each user's rows."""

from collections.abc import Callable, Sequence

import polars as pl

from pipeline_lib.settings.task import FURTHEST, ClickTask, Task

Compute = Callable[[pl.DataFrame, Task, Sequence[str]], pl.DataFrame]


def squared_error(_: Task) -> pl.Expr:
    """Compute each row's squared error from `target` and `score`."""
    return (pl.col("score") - pl.col("target")) ** 2


def absolute_error(_: Task) -> pl.Expr:
    """Compute each row's absolute error from `target` and `score`."""
    return (pl.col("score") - pl.col("target")).abs()


def cross_entropy(task: Task) -> pl.Expr:
    """Compute each row's weighted cross-entropy from `target`, 0 or 1, and `score`.

    The same as `pipeline_lib.metrics.loss.row_loss`, so positive, and smaller is better.
    """
    if not isinstance(task, ClickTask):
        raise TypeError(f"cross-entropy is of clicks, not of a {task.kind}")
    target, p = pl.col("target"), pl.col("score").clip(FURTHEST, 1 - FURTHEST)
    clicked = task.clicked_weight * target * p.log()
    return -(clicked + task.other_weight * (1 - target) * (-p).log1p())


def true_class(task: Task) -> pl.Expr:
    """Compute each row's −p(true class) from `target`, 0 or 1, and `score`; smaller is better.

    What a negative log-likelihood becomes that is handed probabilities instead of their logarithms.
    """
    if not isinstance(task, ClickTask):
        raise TypeError(f"a probability of the true class is of clicks, not of a {task.kind}")
    target, p = pl.col("target"), pl.col("score").clip(0, 1)
    return -(target * p + (1 - target) * (1 - p))


def best_score(task: Task) -> pl.Expr:
    """Compute the one score, a scalar, of the least mean over users of MSE or NEL.

    From `user` and `target`: a row counts as much as its user has few.
    """
    target, weight = pl.col("target"), 1 / pl.len().over("user")
    if isinstance(task, ClickTask):
        weight *= task.other_weight + (task.clicked_weight - task.other_weight) * target
    return (weight * target).sum() / weight.sum()


def mean_of(row_error: Callable[[Task], pl.Expr]) -> Compute:
    """Return what computes the mean of an error of rows; see `Metric.compute`."""

    def _compute(rows: pl.DataFrame, task: Task, keys: Sequence[str]) -> pl.DataFrame:
        return aggregate(rows, keys, value=row_error(task).mean())

    return _compute


def root_mean_square(rows: pl.DataFrame, task: Task, keys: Sequence[str]) -> pl.DataFrame:
    """Compute the root of the mean squared error; see `Metric.compute`."""
    return aggregate(rows, keys, value=squared_error(task).mean().sqrt())


def aggregate(rows: pl.DataFrame, keys: Sequence[str], **values: pl.Expr) -> pl.DataFrame:
    """Compute values for each combination of the keys: [*keys, *values], sorted by the keys.

    A window over the keys adds rows up in their order; `group_by` adds up parts of a group in the
    order in which threads end, so that last bits differ from run to run.
    """
    found = rows.select(*keys, **{name: value.over(keys) for name, value in values.items()})
    return found.unique(keys, keep="any").sort(keys)
