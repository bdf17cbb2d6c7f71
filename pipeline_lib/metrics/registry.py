"""The metrics that are always computed, and how any is found by its name.

A new metric is one more entry of `REGISTRY`, or of `pipeline_lib.metrics.further`.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import get_args

from pipeline_lib.metrics.errors import cross_entropy, mean_of, squared_error, true_class
from pipeline_lib.metrics.further import find_further, further_names, ndcg
from pipeline_lib.metrics.metric import Metric, TaskKind, Use
from pipeline_lib.metrics.ranking import auc_contributions, linear_gain, user_auc, user_ndcg
from pipeline_lib.schemas.columns import GROUPS
from pipeline_lib.settings.errors import unknown


def linear_ndcg(k: int) -> Metric:
    """Return nDCG@k with the gain R, the rating itself, in place of 2^R − 1."""
    return replace(
        ndcg(k),
        name=f"ndcg_{k}_linear",
        label=f"nDCG@{k} with gain R",
        compute=lambda rows, task, keys: user_ndcg(rows, k, keys, linear_gain(task.scale[0])),
        meaning=f"as nDCG@{k}, with a rating itself as its gain",
        tables=None,
        reading_of=f"ndcg_{k}",
    )


AUC_TIES = "For AUC, equal scores count half."
REGISTRY: tuple[Metric, ...] = (
    Metric(
        name="mse",
        label="MSE",
        task="rating",
        compute=mean_of(squared_error),
        meaning="mean squared error of a user's rows",
        digits=3,
        tables=1,
        family="MSE",
        by_group=True,
        everyone=True,
        uses=("error", "main"),
    ),
    ndcg(3),
    ndcg(5, "ranking"),
    linear_ndcg(3),
    linear_ndcg(5),
    Metric(
        name="nel",
        label="NEL",
        task="click",
        compute=mean_of(cross_entropy),
        meaning="mean weighted cross-entropy of a user's rows",
        digits=4,
        tables=2,
        family="NEL",
        by_group=True,
        everyone=True,
        uses=("error",),
    ),
    Metric(
        name="auc",
        label="AUC",
        task="click",
        compute=lambda rows, _, keys: auc_contributions(rows, keys),
        meaning="area under the ROC curve of all rows together, to which a user contributes",
        digits=4,
        tables=1,
        family="AUC",
        higher_is_better=True,
        by_group=True,
        pools_users=True,
        ties=AUC_TIES,
        uses=("ranking", "main"),
    ),
    Metric(
        name="auc_user",
        label="AUC per user",
        task="click",
        compute=lambda rows, _, keys: user_auc(rows, keys),
        meaning="area under the ROC curve of a user's rows",
        digits=4,
        tables=1,
        family="AUC",
        higher_is_better=True,
        ties=AUC_TIES,
    ),
    Metric(
        name="minus_p_true",
        label="\N{MINUS SIGN}p(true class)",
        task="click",
        compute=mean_of(true_class),
        meaning="minus the mean probability of what happened in a user's rows",
        digits=4,
        tables=None,
        family="\N{MINUS SIGN}p(true class)",
        everyone=True,
        reading_of="nel",
    ),
)


def metrics_of(task: TaskKind, chosen: Iterable[str] = ()) -> dict[str, Metric]:
    """Return a task's metrics by name: over all users, then over groups, then further ones.

    chosen: names of metrics that are computed besides; those that always are may be among them.
    Raises ValueError for a name that the task has not.
    """
    own = [metric for metric in REGISTRY if metric.task == task]
    by_group = [m.of_group(group) for m in own if m.by_group for group in GROUPS]
    known = {metric.name: metric for metric in (*own, *by_group)}
    for name in chosen:
        if name not in known:
            known[name] = _further(name, task)
    return known


def _further(name: str, task: TaskKind) -> Metric:
    if (metric := find_further(name, task)) is None:
        raise ValueError(unknown(name, f"metric of a {task}", metric_names(task)))
    return metric


def has_metric(name: str, task: TaskKind) -> bool:
    """Return whether a task has a metric of a name, always computed or not."""
    return name in metrics_of(task) or find_further(name, task) is not None


def metric_names(task: TaskKind) -> list[str]:
    """Return the names of all of a task's metrics, `k` for any whole number."""
    return [*metrics_of(task), *further_names(task)]


def metrics_among(columns: Iterable[str], task: TaskKind) -> dict[str, Metric]:
    """Return the metrics by name that a table of users with some columns holds."""
    return metrics_of(task, [name for name in columns if has_metric(name, task)])


def find_metric(name: str) -> Metric:
    """Return the metric of a name; raise ValueError where there is none."""
    for task in get_args(TaskKind):
        if has_metric(name, task):
            return metrics_of(task, [name])[name]
    known = dict.fromkeys(own for task in get_args(TaskKind) for own in metric_names(task))
    raise ValueError(f"there is no metric {name!r}; there are: {', '.join(known)}")


def readings_of(task: TaskKind) -> list[Metric]:
    """Return the task's metrics that the paper may mean by another's name."""
    return [metric for metric in metrics_of(task).values() if metric.reading_of]


def metric_for(use: Use, task: TaskKind) -> Metric:
    """Return the task's metric of a use."""
    return next(m for m in REGISTRY if m.task == task and use in m.uses)


def error_by_group(task: TaskKind) -> dict[str, Metric]:
    """Return the task's error over major and over minor users, by group."""
    error = metric_for("error", task)
    return {group: error.of_group(group) for group in GROUPS}


def columns_of(task: TaskKind, chosen: Iterable[str] = ()) -> dict[str, Metric]:
    """Return the columns of users' values, each with a metric that averages it.

    chosen: as in `metrics_of`.
    """
    found: dict[str, Metric] = {}
    for metric in metrics_of(task, chosen).values():
        found.setdefault(metric.column, metric)
    return found
