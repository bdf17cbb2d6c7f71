"""What a trained method predicts, and how good that is."""

import pandera.polars as pa

from pipeline_lib.schemas.columns import GROUPS, finite, name, one_of, table
from pipeline_lib.settings.task import RatingTask, Task

PREDICTIONS = table(
    {
        "user": name(),
        "item": name(),
        "group": one_of(GROUPS),
        "target": finite(),
        "score": finite(),
        "inner_lr": finite(nullable=True),
    },
    unique=["user", "item"],
)


def user_metrics_schema(task: Task) -> pa.DataFrameSchema:
    """Describe the table of users' metrics, which are those of the task."""
    if isinstance(task, RatingTask):
        ndcg = {f"ndcg_{k}": finite(nullable=True) for k in (3, 5)}
        metrics = {"mse": finite(), **ndcg}
    else:
        metrics = {"nel": finite()}
    return table({"user": name(unique=True), "group": one_of(GROUPS), **metrics})
