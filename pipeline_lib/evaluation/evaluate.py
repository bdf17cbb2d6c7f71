"""Judge a trained method on the test users."""

from collections.abc import Sequence
from operator import not_

import polars as pl
from pydantic import BaseModel, Field

from pipeline_lib.metrics.errors import aggregate
from pipeline_lib.metrics.metric import Metric
from pipeline_lib.metrics.registry import metrics_of
from pipeline_lib.metrics.users import one_score_metrics, summarise, user_metrics
from pipeline_lib.partition.summary import SplitSummary
from pipeline_lib.settings.task import Task
from pipeline_lib.training.record import Stopped, TrainingRecord

ROW = ["user", "item"]


class PredictionError(Exception):
    """The predictions are not those of the test users' query rows."""


def check_complete(predictions: pl.DataFrame, due: pl.DataFrame, what: str) -> None:
    """Raise PredictionError unless the rows due, [user, item, target], are predicted once each."""
    left = due.with_columns(pl.col("target").cast(pl.Float32))
    right = predictions.with_columns(pl.col("target").cast(pl.Float32))
    key = [*ROW, "target"]
    twice = right.filter(pl.struct(ROW).is_duplicated())
    for found, problem in (
        (left.join(right, on=key, how="anti"), "have no prediction"),
        (right.join(left, on=key, how="anti"), "are predicted but not due"),
        (twice, "are predicted twice"),
    ):
        if not found.is_empty():
            user, item = found.select(ROW).row(0)
            raise PredictionError(
                f"{what}: {found.height:,} query rows {problem}, the first of user {user} and item "
                f"{item}; delete the method's predictions.parquet and run snakemake again"
            )


def check_by_support(by_support: pl.DataFrame, predictions: pl.DataFrame, what: str) -> None:
    """Raise PredictionError unless every limit of support rows has the rows of the same users.

    Where the limit is null, scores have to be those of the predictions.
    """
    due = predictions.join(by_support, on="user", how="semi")
    for (limit,), rows in by_support.group_by("support_rows"):
        check_complete(rows, due, f"{what}, support rows {'all' if limit is None else limit}")
    from_all = by_support.filter(pl.col("support_rows").is_null())
    check_complete(from_all, due, f"{what}, support rows all")
    if not from_all.join(due, on=[*ROW, "score"], how="anti").is_empty():
        raise PredictionError(f"{what}: by_support.parquet has other scores than predictions")


class Moments(BaseModel):
    """Some users' numbers; sd is the sample standard deviation, None of a single user."""

    users: int
    mean: float
    sd: float | None


class Evaluation(BaseModel):
    """One trained method on the test users.

    counted: by metric, the users who have it. ranked_users: those whose items can be ranked; None
    where no metric looks at so many of them. short_users: by ranking metric, those of them with
    fewer rows than it looks at. constant_users: those with two rows or more who got one score for
    all. one_score: the metrics of one score for all rows, that of the least MSE or NEL. rates: by
    group, the users' inner learning rates, also where all have one; of no group where none is for
    all of a user's weights. stopped: why its training was stopped; it is then judged on nobody.
    chosen_metrics: those that the run chose, which are among the others.
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
    one_score: dict[str, float]
    rates: dict[str, Moments]
    stopped: Stopped = None
    chosen_metrics: list[str] = Field([], exclude_if=not_)


def leave_out(training: TrainingRecord, chosen: Sequence[str]) -> Evaluation:
    """Return the evaluation of a training that was stopped."""
    return Evaluation(
        method=training.method,
        seed=training.seed,
        task=training.task,
        split_sha256=training.split_sha256,
        users=0,
        ranked_users=None,
        short_users={},
        constant_users=0,
        counted={},
        metrics={},
        one_score={},
        rates={},
        stopped=training.stopped,
        chosen_metrics=list(chosen),
    )


def evaluate(
    predictions: pl.DataFrame,
    due: pl.DataFrame,
    training: TrainingRecord,
    split: SplitSummary,
    chosen: Sequence[str] = (),
) -> tuple[pl.DataFrame, Evaluation]:
    """Compute each user's metrics and the method's, as the task it was trained for asks.

    due: `user`, `item`, `target` of the query rows of all test users. chosen: names of metrics that
    are not computed otherwise, or shown beside those that are. Raises PredictionError when
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
    users = user_metrics(predictions, task, chosen)
    counted, metrics = summarise(users, task)
    ranking = [metric for metric in metrics_of(task.kind, chosen).values() if metric.k]
    ranked = users.filter(pl.col(ranking[0].column).is_not_null()) if ranking else None
    record = Evaluation(
        method=training.method,
        seed=training.seed,
        task=task,
        split_sha256=training.split_sha256,
        users=users.height,
        ranked_users=None if ranked is None else ranked.height,
        short_users={} if ranked is None else _short_users(ranked, predictions, ranking),
        constant_users=_constant_users(predictions),
        counted=counted,
        metrics=metrics,
        one_score=one_score_metrics(predictions, task, chosen),
        rates=_rates(predictions),
        chosen_metrics=list(chosen),
    )
    return users, record


def _short_users(
    ranked: pl.DataFrame, predictions: pl.DataFrame, ranking: Sequence[Metric]
) -> dict[str, int]:
    rows = predictions.group_by("user").len().join(ranked, on="user")["len"]
    return {m.name: int((rows < m.k).sum()) for m in ranking if m.k}


def _rates(predictions: pl.DataFrame) -> dict[str, Moments]:
    """Summarise each user's inner learning rate, which is that of all the user's rows."""
    rate = pl.col("inner_lr")
    users = predictions.drop_nulls("inner_lr").unique("user", keep="first", maintain_order=True)
    found = aggregate(users, ["group"], users=pl.len(), mean=rate.mean(), sd=rate.std())
    return {str(row.pop("group")): Moments(**row) for row in found.iter_rows(named=True)}


def _constant_users(predictions: pl.DataFrame) -> int:
    rows = predictions.group_by("user").agg(pl.len(), pl.col("score").n_unique().alias("scores"))
    return rows.filter((pl.col("len") > 1) & (pl.col("scores") == 1)).height
