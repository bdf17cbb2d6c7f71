"""From predictions to each user's metrics, and to a method's."""

from collections.abc import Iterator
from typing import Literal

import polars as pl
from pydantic import BaseModel, TypeAdapter

from pipeline_lib.metrics.clicks import auc, cross_entropy
from pipeline_lib.metrics.ranking import user_ndcg
from pipeline_lib.partition.record import SplitRecord
from pipeline_lib.settings.task import ClickTask, RatingTask, Task
from pipeline_lib.training.record import TrainingRecord

TaskKind = Literal["rating", "click"]

NDCG_AT = (3, 5)
METRICS: dict[TaskKind, tuple[str, ...]] = {
    "rating": ("mse", *(f"ndcg_{k}" for k in NDCG_AT), "mse_major", "mse_minor"),
    "click": ("nel", "auc", "nel_major", "nel_minor", "auc_major", "auc_minor"),
}
# Each user has one, and by it the groups are compared.
USER_ERROR: dict[TaskKind, Literal["mse", "nel"]] = {"rating": "mse", "click": "nel"}


class Evaluation(BaseModel):
    """One trained method on the test users.

    ranked_users: those whose items can be ranked; None for clicks, which are ranked over all users.
    """

    method: str
    seed: int
    task: Task
    split_sha256: str
    users: int
    ranked_users: int | None
    metrics: dict[str, float]


def evaluate(
    predictions: pl.DataFrame, training: TrainingRecord, split: SplitRecord
) -> tuple[pl.DataFrame, Evaluation]:
    """Compute each user's metrics and the method's, as the task it was trained for asks.

    Raises ValueError when the method was trained on another split than the one at hand.
    """
    if training.split_sha256 != split.sha256:
        raise ValueError(
            f"{training.method} was trained on split {training.split_sha256}, but the split is "
            f"{split.sha256}; train it again"
        )
    task = TypeAdapter[Task](Task).validate_python(training.task)
    users = user_metrics(predictions, task)
    record = Evaluation(
        method=training.method,
        seed=training.seed,
        task=task,
        split_sha256=training.split_sha256,
        users=users.height,
        ranked_users=_ranked_users(users, task),
        metrics=summarise(users, predictions, task),
    )
    return users, record


def user_metrics(predictions: pl.DataFrame, task: Task) -> pl.DataFrame:
    """Compute each user's metrics from `user`, `group`, `target`, `score`.

    Ratings: `mse`, `ndcg_3` and `ndcg_5`. Clicks: `nel`, the mean weighted cross-entropy.
    """
    error = _row_error(task).mean().alias(USER_ERROR[task.kind])
    users = predictions.group_by("user", "group").agg(error)
    for k in NDCG_AT if isinstance(task, RatingTask) else ():
        ndcg = user_ndcg(predictions, k).rename({"ndcg": f"ndcg_{k}"})
        users = users.join(ndcg, on="user", validate="1:1")
    return users.sort("user")


def summarise(users: pl.DataFrame, predictions: pl.DataFrame, task: Task) -> dict[str, float]:
    """Average users' metrics, over all and by group; clicks' AUC is of the rows pooled instead.

    What has no value is left out: a group without users, an AUC of rows of one class.
    """
    error = USER_ERROR[task.kind]
    groups = users.group_by("group").agg(pl.col(error).mean()).iter_rows()
    values = users.select(pl.exclude("user", "group").mean()).row(0, named=True)
    values |= {f"{error}_{group}": mean for group, mean in groups}
    if isinstance(task, ClickTask):
        values |= _aucs(predictions)
    return {name: values[name] for name in METRICS[task.kind] if values.get(name) is not None}


def _row_error(task: Task) -> pl.Expr:
    if isinstance(task, ClickTask):
        return cross_entropy(task)
    return (pl.col("score") - pl.col("target")) ** 2


def _aucs(predictions: pl.DataFrame) -> Iterator[tuple[str, float | None]]:
    yield "auc", auc(predictions)
    for (group,), rows in predictions.group_by("group"):
        yield f"auc_{group}", auc(rows)


def _ranked_users(users: pl.DataFrame, task: Task) -> int | None:
    if isinstance(task, RatingTask):
        return users.height - users[f"ndcg_{NDCG_AT[0]}"].null_count()
    return None
