"""How far probabilities of a click are from the shares of clicks."""

from collections.abc import Sequence

import polars as pl

from pipeline_lib.metrics.errors import aggregate
from pipeline_lib.settings.task import ClickTask, Task

BINS = 10


def click_probability(task: Task) -> pl.Expr:
    """Compute the probability of a click that a score stands for.

    Where a click has the probability q, the least weighted cross-entropy has a score p whose odds
    are w times those of q, w the weight of a click over that of another row. This undoes it:
    q = p / (p + w (1 - p)). Scores beyond 0 and 1 count as 0 and 1.
    """
    if not isinstance(task, ClickTask):
        raise TypeError(f"a probability is of clicks, not of a {task.kind}")
    p, tilt = pl.col("score").clip(0, 1), task.clicked_weight / task.other_weight
    return p / (p + tilt * (1 - p))


def calibration_contributions(rows: pl.DataFrame, task: Task, keys: Sequence[str]) -> pl.DataFrame:
    """Split the expected calibration error of all rows together into contributions of users.

    The error is the mean over rows of |mean probability - share of clicks| of a row's bin: ten bins
    by score, as even as can be, as equal scores share a bin (Naeini et al. 2015, with bins of equal
    count). rows: `user`, `target`, 0 or 1, and `score`. Returns [*keys, value], sorted: the users'
    mean is the error, and the standard error of that mean is the error's, as users draw whole sets
    of rows, to first order and while no bin's difference changes its sign.
    """
    place = (2 * pl.col("score").rank("average") - 1) * BINS // (2 * pl.len())
    apart = click_probability(task) - pl.col("target")
    binned = rows.select(*keys, place.alias("bin"), apart.alias("apart"))
    term = pl.col("apart") * pl.col("apart").sum().over("bin").sign()
    terms = binned.select(*keys, term.alias("term"), term.mean().alias("error"))
    users = terms["user"].n_unique()
    share = (pl.col("term") - pl.col("error")).sum() / len(rows)
    return aggregate(terms, keys, value=pl.col("error").first() + users * share)
