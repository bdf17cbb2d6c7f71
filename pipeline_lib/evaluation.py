"""Judge a trained method on the test users."""

import polars as pl
from pydantic import BaseModel

from pipeline_lib.completeness import check_complete
from pipeline_lib.metrics.definitions import NDCG_AT
from pipeline_lib.metrics.users import summarise, user_metrics
from pipeline_lib.partition.record import SplitRecord
from pipeline_lib.settings.task import RatingTask, Task
from pipeline_lib.training.record import TrainingRecord


class Evaluation(BaseModel):
    """One trained method on the test users.

    counted: by metric, the users who have it. ranked_users: those whose items can be ranked; None
    for clicks. short_users: by ranking metric, those of them with fewer rows than it looks at.
    constant_users: those with two rows or more who got one score for all.
    """

    method: str
    seed: int
    task: Task
    split_sha256: str
    users: int
    ranked_users: int | None
    short_users: dict[str, int]
    constant_users: int
    counted: dict[str, int]
    metrics: dict[str, float]


def evaluate(
    predictions: pl.DataFrame, due: pl.DataFrame, training: TrainingRecord, split: SplitRecord
) -> tuple[pl.DataFrame, Evaluation]:
    """Compute each user's metrics and the method's, as the task it was trained for asks.

    due: `user`, `item`, `target` of the query rows of all test users. Raises PredictionError when
    other rows are predicted than those due, each once, and ValueError when the method was trained
    on another split than the one at hand.
    """
    if training.split_sha256 != split.sha256:
        raise ValueError(
            f"{training.method} was trained on split {training.split_sha256}, but the split is "
            f"{split.sha256}; train it again"
        )
    check_complete(predictions, due, f"{training.dataset}: {training.method}")
    task = training.task
    users = user_metrics(predictions, task)
    counted, metrics = summarise(users, task)
    record = Evaluation(
        method=training.method,
        seed=training.seed,
        task=task,
        split_sha256=training.split_sha256,
        users=users.height,
        ranked_users=_ranked_users(users, task),
        short_users=_short_users(users, predictions, task),
        constant_users=_constant_users(predictions),
        counted=counted,
        metrics=metrics,
    )
    return users, record


def _ranked_users(users: pl.DataFrame, task: Task) -> int | None:
    if isinstance(task, RatingTask):
        return users.height - users[f"ndcg_{NDCG_AT[0]}"].null_count()
    return None


def _short_users(users: pl.DataFrame, predictions: pl.DataFrame, task: Task) -> dict[str, int]:
    if not isinstance(task, RatingTask):
        return {}
    ranked = users.filter(pl.col(f"ndcg_{NDCG_AT[0]}").is_not_null())
    rows = predictions.group_by("user").len().join(ranked, on="user")["len"]
    return {f"ndcg_{k}": int((rows < k).sum()) for k in NDCG_AT}


def _constant_users(predictions: pl.DataFrame) -> int:
    rows = predictions.group_by("user").agg(pl.len(), pl.col("score").n_unique().alias("scores"))
    return rows.filter((pl.col("len") > 1) & (pl.col("scores") == 1)).height
