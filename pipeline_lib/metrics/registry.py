"""Every metric: how it is computed, what it is called, and where it is shown.

A new metric is one more entry of `REGISTRY`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import polars as pl

from pipeline_lib.metrics.errors import cross_entropy, mean_of, squared_error, true_class
from pipeline_lib.metrics.ranking import auc_contributions, linear_gain, user_auc, user_ndcg
from pipeline_lib.schemas.columns import GROUPS
from pipeline_lib.settings.task import Task

TaskKind = Literal["rating", "click"]
# error: what all users have, by which groups and support sizes are compared. ranking: the other one
# that is compared user by user. main: the one by which a page says who is best.
Use = Literal["error", "ranking", "main"]


@dataclass(frozen=True)
class Metric:
    """A mean over users, all of them or those of a group.

    compute: from rows, `user`, `group`, `target`, `score`, one value for each combination of keys,
    [*keys, value]. by_group: also computed over major and over minor users. pools_users: a user's
    value depends on the others' rows, so that a group's are computed from its rows alone. everyone:
    no user lacks it. k: at how many first rows of a ranking it looks. tables: its place among the
    columns of Tables 2 to 5, None where it has none. family: what it is called where its variants
    are one. ties: how it treats equal scores, in a sentence. reading_of: the metric that the paper
    may mean by it. group: whose mean it is.
    """

    name: str
    label: str
    task: TaskKind
    compute: Callable[[pl.DataFrame, Task, Sequence[str]], pl.DataFrame]
    digits: int
    tables: int | None
    family: str
    higher_is_better: bool = False
    by_group: bool = False
    pools_users: bool = False
    everyone: bool = False
    k: int | None = None
    ties: str = ""
    uses: tuple[Use, ...] = ()
    reading_of: str | None = None
    group: str | None = None

    @property
    def column(self) -> str:
        """Return the column of users' values that it averages."""
        if self.group is None:
            return self.name
        own = self.name.removesuffix(f"_{self.group}")
        return f"{own}_group" if self.pools_users else own

    def loss(self, value: float) -> float:
        """Return the value, negative where higher is better, so that smaller is better."""
        return -value if self.higher_is_better else value

    def of_group(self, group: str) -> "Metric":
        """Return the same metric over the users of a group."""
        return replace(
            self, name=f"{self.name}_{group}", label=f"{self.label} {group}", group=group
        )


def ndcg(k: int, *uses: Use) -> Metric:
    """Return nDCG@k."""
    return Metric(
        name=f"ndcg_{k}",
        label=f"nDCG@{k}",
        task="rating",
        compute=lambda rows, _, keys: user_ndcg(rows, k, keys),
        digits=3,
        tables=2,
        family="nDCG",
        higher_is_better=True,
        k=k,
        ties="For equal scores, nDCG is the mean over random orders.",
        uses=uses,
    )


def linear_ndcg(k: int) -> Metric:
    """Return nDCG@k with the gain R, the rating itself, in place of 2^R − 1."""
    return replace(
        ndcg(k),
        name=f"ndcg_{k}_linear",
        label=f"nDCG@{k} with gain R",
        compute=lambda rows, task, keys: user_ndcg(rows, k, keys, linear_gain(task.scale[0])),
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
        digits=4,
        tables=None,
        family="\N{MINUS SIGN}p(true class)",
        everyone=True,
        reading_of="nel",
    ),
)


def metrics_of(task: TaskKind) -> dict[str, Metric]:
    """Return a task's metrics by name, those over all users before those over groups."""
    own = [metric for metric in REGISTRY if metric.task == task]
    by_group = [m.of_group(group) for m in own if m.by_group for group in GROUPS]
    return {metric.name: metric for metric in (*own, *by_group)}


def find_metric(name: str) -> Metric:
    """Return the metric of a name; raise ValueError where there is none."""
    known = metrics_of("rating") | metrics_of("click")
    if name not in known:
        raise ValueError(f"there is no metric {name!r}; there are: {', '.join(known)}")
    return known[name]


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


def columns_of(task: TaskKind) -> dict[str, Metric]:
    """Return the columns of users' values, each with a metric that averages it."""
    found: dict[str, Metric] = {}
    for metric in metrics_of(task).values():
        found.setdefault(metric.column, metric)
    return found
