"""From predictions to each user's metrics, and to a method's."""

import polars as pl
from pydantic import BaseModel

from pipeline_lib.metrics.ranking import user_ndcg
from pipeline_lib.partition.record import SplitRecord
from pipeline_lib.training.record import TrainingRecord

NDCG_AT = (3, 5)
METRICS = ("mse", *(f"ndcg_{k}" for k in NDCG_AT), "mse_major", "mse_minor")


class Evaluation(BaseModel):
    """One trained method on the test users. ranked_users: those whose items can be ranked."""

    method: str
    seed: int
    split_sha256: str
    users: int
    ranked_users: int
    metrics: dict[str, float]


def evaluate(
    predictions: pl.DataFrame, training: TrainingRecord, split: SplitRecord
) -> tuple[pl.DataFrame, Evaluation]:
    """Compute each user's metrics and their averages.

    Raises ValueError when the method was trained on another split than the one at hand.
    """
    if training.split_sha256 != split.sha256:
        raise ValueError(
            f"{training.method} was trained on split {training.split_sha256}, but the split is "
            f"{split.sha256}; train it again"
        )
    users = user_metrics(predictions)
    record = Evaluation(
        method=training.method,
        seed=training.seed,
        split_sha256=training.split_sha256,
        users=users.height,
        ranked_users=users.height - users[f"ndcg_{NDCG_AT[0]}"].null_count(),
        metrics=summarise(users),
    )
    return users, record


def user_metrics(predictions: pl.DataFrame) -> pl.DataFrame:
    """Compute `mse`, `ndcg_3` and `ndcg_5` of each user from `user`, `group`, `target`, `score`."""
    error = ((pl.col("score") - pl.col("target")) ** 2).mean().alias("mse")
    users = predictions.group_by("user", "group").agg(error)
    for k in NDCG_AT:
        ndcg = user_ndcg(predictions, k).rename({"ndcg": f"ndcg_{k}"})
        users = users.join(ndcg, on="user", validate="1:1")
    return users.sort("user")


def summarise(users: pl.DataFrame) -> dict[str, float]:
    """Average users' metrics, over all users and by group; a group without users is left out."""
    means = users.select(pl.col("mse", *(f"ndcg_{k}" for k in NDCG_AT)).mean()).row(0, named=True)
    groups = users.group_by("group").agg(pl.col("mse").mean()).iter_rows()
    values = means | {f"mse_{group}": mse for group, mse in groups}
    return {name: values[name] for name in METRICS if values.get(name) is not None}
