"""Metrics that are computed where a run chooses them.

A new one is one more entry of `FURTHER`, or of `AT_K` where it looks at the k first rows.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

import polars as pl

from pipeline_lib.metrics.calibration import BINS, calibration_contributions
from pipeline_lib.metrics.errors import absolute_error, mean_of, root_mean_square
from pipeline_lib.metrics.metric import Metric, TaskKind, Use
from pipeline_lib.metrics.ranking import user_hit, user_ndcg, user_recall, user_reciprocal_rank

AT = re.compile(r"([a-z]+_)([1-9]\d{0,8})", re.ASCII)


def ndcg(k: int, *uses: Use) -> Metric:
    """Return nDCG@k of ratings."""
    return Metric(
        name=f"ndcg_{k}",
        label=f"nDCG@{k}",
        task="rating",
        compute=lambda rows, _, keys: user_ndcg(rows, k, keys),
        meaning=f"gain 2^target \N{MINUS SIGN} 1, discounted by rank, of the first {k} of a user's "
        "rows in the scores' order, over that of the best order",
        digits=3,
        tables=2,
        family="nDCG",
        higher_is_better=True,
        k=k,
        ties="For equal scores, nDCG is the mean over random orders.",
        uses=uses,
    )


def _ndcg_of(task: TaskKind) -> Callable[[int], Metric]:
    return lambda k: replace(ndcg(k), task=task, tables=None)


def _of_clicks(
    family: str,
    k: int,
    compute: Callable[[pl.DataFrame, int, Sequence[str]], pl.DataFrame],
    meaning: str,
) -> Metric:
    """Return a metric of the clicks among each user's first k rows."""
    return replace(
        _ndcg_of("click")(k),
        name=f"{family.lower()}_{k}",
        label=f"{family}@{k}",
        compute=lambda rows, _, keys: compute(rows, k, keys),
        meaning=meaning,
        family=family,
        ties=f"For equal scores, {family} is the mean over random orders.",
    )


def recall(k: int) -> Metric:
    """Return Recall@k, the share of a user's clicks among the first k rows."""
    meaning = f"share of a user's clicks among the first {k} rows in the scores' order"
    return _of_clicks("Recall", k, user_recall, meaning)


def hit(k: int) -> Metric:
    """Return Hit@k, 1 where a click is among the first k rows, else 0."""
    meaning = f"1 where a click is among a user's first {k} rows in the scores' order, else 0"
    return _of_clicks("Hit", k, user_hit, meaning)


FURTHER: tuple[Metric, ...] = (
    Metric(
        name="mae",
        label="MAE",
        task="rating",
        compute=mean_of(absolute_error),
        meaning="mean absolute error of a user's rows",
        digits=3,
        tables=None,
        family="MAE",
        everyone=True,
    ),
    Metric(
        name="rmse",
        label="RMSE",
        task="rating",
        compute=root_mean_square,
        meaning="root of the mean squared error of a user's rows; its mean over users is not the "
        "root of the MSE",
        digits=3,
        tables=None,
        family="RMSE",
        everyone=True,
    ),
    Metric(
        name="mrr",
        label="MRR",
        task="click",
        compute=lambda rows, _, keys: user_reciprocal_rank(rows, keys),
        meaning="one over the rank of a user's first click in the scores' order",
        digits=3,
        tables=None,
        family="MRR",
        higher_is_better=True,
        ties="For equal scores, MRR is the mean over random orders.",
    ),
    Metric(
        name="calibration",
        label="Calibration error",
        task="click",
        compute=calibration_contributions,
        meaning="distance of the mean probability from the share of clicks, the mean over "
        f"{BINS} bins of all rows by score, to which a user contributes; the weights of the loss "
        "are undone in probabilities",
        digits=4,
        tables=None,
        family="calibration error",
        pools_users=True,
        everyone=True,
    ),
)
# By the name without the k, which is any whole number from 1.
AT_K: dict[TaskKind, dict[str, Callable[[int], Metric]]] = {
    "rating": {"ndcg_": _ndcg_of("rating")},
    "click": {"ndcg_": _ndcg_of("click"), "recall_": recall, "hit_": hit},
}


def find_further(name: str, task: TaskKind) -> Metric | None:
    """Return the task's metric of a name that a run may choose; None where there is none."""
    if at := AT.fullmatch(name):
        make = AT_K[task].get(at[1])
        return make(int(at[2])) if make else None
    return next((m for m in FURTHER if (m.name, m.task) == (name, task)), None)


def further_names(task: TaskKind) -> list[str]:
    """Return the names of the task's metrics that a run may choose, `k` for any whole number."""
    return [*(m.name for m in FURTHER if m.task == task), *(f"{name}k" for name in AT_K[task])]
