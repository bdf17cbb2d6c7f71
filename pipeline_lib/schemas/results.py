"""What a trained method predicts, and how good that is."""

import pandera.polars as pa
import polars as pl

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

SUPPORT_PREDICTIONS = table(
    {
        "user": name(),
        "item": name(),
        "group": one_of(GROUPS),
        "target": finite(),
        "support_rows": pa.Column(pl.Int64, pa.Check.ge(0), nullable=True),
        "score": finite(),
    },
    unique=["user", "item", "support_rows"],
)

PROJECTION = table(
    {
        "method": name(),
        "user": name(),
        "group": one_of(GROUPS),
        "x": finite(),
        "y": finite(),
    },
    unique=["method", "user"],
)


def user_metrics_schema(task: Task) -> pa.DataFrameSchema:
    """Describe the table of users' metrics, which are those of the task."""
    if isinstance(task, RatingTask):
        ndcg = {f"ndcg_{k}": finite(nullable=True) for k in (3, 5)}
        metrics = {"mse": finite(), **ndcg}
    else:
        auc = {name: finite(nullable=True) for name in ("auc", "auc_user", "auc_group")}
        metrics = {"nel": finite(), **auc}
    return table({"user": name(unique=True), "group": one_of(GROUPS), **metrics})


def support_errors(task: Task) -> pa.DataFrameSchema:
    """Describe users' errors by how many support rows they had at most; null: all they have."""
    columns = {
        "user": name(),
        "group": one_of(GROUPS),
        "support_rows": pa.Column(pl.Int64, pa.Check.ge(0), nullable=True),
        "mse" if isinstance(task, RatingTask) else "nel": finite(),
    }
    return table(columns, unique=["user", "support_rows"])
