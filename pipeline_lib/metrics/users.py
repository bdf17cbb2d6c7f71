"""From predictions to each user's metrics, and to their means."""

import polars as pl

from pipeline_lib.metrics.clicks import auc_contributions, cross_entropy, user_auc
from pipeline_lib.metrics.ranking import user_ndcg
from pipeline_lib.metrics.registry import METRICS, NDCG_AT, USER_ERROR
from pipeline_lib.settings.task import ClickTask, RatingTask, Task


def user_metrics(predictions: pl.DataFrame, task: Task) -> pl.DataFrame:
    """Compute each user's metrics from `user`, `group`, `target`, `score`.

    Ratings: `mse`, `ndcg_3` and `ndcg_5`. Clicks: `nel`, the mean weighted cross-entropy;
    `auc_user`, of the user's own rows; `auc` and `auc_group`, the user's contributions to that of
    all users' rows and of the group's (see `pipeline_lib.metrics.clicks`).
    """
    users = user_errors(predictions, task, ["user", "group"])
    for name, values in _rankings(predictions, task).items():
        found = values.rename({values.columns[1]: name})
        users = users.join(found, on="user", how="left", validate="1:1")
    return users.sort("user")


def user_errors(predictions: pl.DataFrame, task: Task, keys: list[str]) -> pl.DataFrame:
    """Compute the `mse` or `nel` of each user, or other keys of rows, sorted by the keys."""
    error = _row_error(task).mean().alias(USER_ERROR[task.kind])
    return predictions.group_by(keys).agg(error).sort(keys)


def summarise(users: pl.DataFrame, task: Task) -> tuple[dict[str, int], dict[str, float]]:
    """Count the users who have a metric, and average it over them.

    What nobody has is left out: a group without users, an AUC of rows of one class.
    """
    values = {
        name: (users if metric.group is None else users.filter(group=metric.group))[metric.column]
        for name, metric in METRICS[task.kind].items()
    }
    counted = {name: column.count() for name, column in values.items() if column.count()}
    means = {name: values[name].mean() for name in counted}
    return counted, {name: mean for name, mean in means.items() if isinstance(mean, float)}


def _rankings(predictions: pl.DataFrame, task: Task) -> dict[str, pl.DataFrame]:
    if isinstance(task, RatingTask):
        return {f"ndcg_{k}": user_ndcg(predictions, k) for k in NDCG_AT}
    groups = [auc_contributions(rows) for _, rows in predictions.group_by("group")]
    return {
        "auc": auc_contributions(predictions),
        "auc_user": user_auc(predictions),
        "auc_group": pl.concat(groups),
    }


def _row_error(task: Task) -> pl.Expr:
    if isinstance(task, ClickTask):
        return cross_entropy(task)
    return (pl.col("score") - pl.col("target")) ** 2
