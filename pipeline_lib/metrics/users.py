"""From predictions to each user's metrics, and to their means."""

from collections.abc import Iterable, Sequence

import pandera.polars as pa
import polars as pl

from pipeline_lib.metrics.errors import best_score
from pipeline_lib.metrics.metric import Metric
from pipeline_lib.metrics.registry import columns_of, metric_for, metrics_among
from pipeline_lib.schemas.columns import GROUPS, finite, name, one_of, table
from pipeline_lib.settings.task import Task

KEYS = ["user", "group"]


def user_metrics(predictions: pl.DataFrame, task: Task, chosen: Iterable[str] = ()) -> pl.DataFrame:
    """Compute each user's metrics from `user`, `group`, `target`, `score`.

    chosen: as in `metrics_of`. Returns `user`, `group` and the columns of the task's metrics,
    sorted by user; among those of clicks `auc_group`, the user's contribution to the AUC of the
    group's rows.
    """
    users = predictions.select(KEYS).unique()
    for column, metric in columns_of(task.kind, chosen).items():
        values = _values(metric, predictions, task).rename({"value": column})
        users = users.join(values, on=KEYS, how="left", validate="1:1")
    return users.sort("user")


def user_errors(predictions: pl.DataFrame, task: Task, keys: Sequence[str]) -> pl.DataFrame:
    """Compute the `mse` or `nel` of each user, or other keys of rows, sorted by the keys."""
    error = metric_for("error", task.kind)
    return error.compute(predictions, task, keys).rename({"value": error.column})


def one_score_metrics(
    predictions: pl.DataFrame, task: Task, chosen: Iterable[str] = ()
) -> dict[str, float]:
    """Compute what one score for all rows has, that of the least MSE or NEL: an order by chance.

    predictions: `user`, `group`, `target`. chosen: as in `metrics_of`. Returns values by metric, as
    `summarise` does.
    """
    alike = predictions.with_columns(score=best_score(task))
    return summarise(user_metrics(alike, task, chosen), task)[1]


def summarise(users: pl.DataFrame, task: Task) -> tuple[dict[str, int], dict[str, float]]:
    """Count the users who have each metric of a table of users, and average it over them.

    What nobody has is left out: a group without users, an AUC of rows of one class.
    """
    values = {
        name: (users if metric.group is None else users.filter(group=metric.group))[metric.column]
        for name, metric in metrics_among(users.columns, task.kind).items()
    }
    counted = {name: column.count() for name, column in values.items() if column.count()}
    means = {name: values[name].mean() for name in counted}
    return counted, {name: mean for name, mean in means.items() if isinstance(mean, float)}


def users_schema(task: Task, chosen: Iterable[str] = ()) -> pa.DataFrameSchema:
    """Return the schema of the table of `user_metrics`."""
    columns = {c: finite(nullable=not m.everyone) for c, m in columns_of(task.kind, chosen).items()}
    return table({"user": name(unique=True), "group": one_of(GROUPS), **columns})


def support_schema(task: Task) -> pa.DataFrameSchema:
    """Return the schema of users' errors by the most support rows they had; null: all they have."""
    columns = {
        "user": name(),
        "group": one_of(GROUPS),
        "support_rows": pa.Column(pl.Int64, pa.Check.ge(0), nullable=True),
        metric_for("error", task.kind).column: finite(),
    }
    return table(columns, unique=["user", "support_rows"])


def _values(metric: Metric, predictions: pl.DataFrame, task: Task) -> pl.DataFrame:
    if metric.group is None:
        return metric.compute(predictions, task, KEYS)
    groups = predictions.partition_by("group")
    return pl.concat([metric.compute(rows, task, KEYS) for rows in groups])
