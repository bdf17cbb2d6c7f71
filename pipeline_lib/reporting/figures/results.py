"""All that a dataset's figures are drawn from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandera.polars as pa
import polars as pl

from pipeline_lib.evaluation.comparison import Comparison
from pipeline_lib.reporting.figures.plan import has_user_rates
from pipeline_lib.schemas.columns import types
from pipeline_lib.schemas.results import (
    PREDICTIONS,
    PROJECTION,
    support_errors,
    user_metrics_schema,
)
from pipeline_lib.schemas.training import HISTORY
from pipeline_lib.storage.tables import read_table


@dataclass(frozen=True)
class TrialFiles:
    """One trained method's tables (see `pipeline_lib.schemas`)."""

    users: Path
    predictions: Path
    history: Path
    support: Path


@dataclass(frozen=True)
class Results:
    """One dataset's results, of every method and seed.

    users: method, seed, user, group and the task's metrics. rates: method, seed, user, group,
    inner_lr, of methods that choose one for each user. history: method, seed, epoch, figure,
    value. support: method, seed, user, group, support_rows (null: all), mse or nel. projection:
    method, user, group, x, y.
    """

    comparison: Comparison
    users: pl.DataFrame
    rates: pl.DataFrame
    history: pl.DataFrame
    support: pl.DataFrame
    projection: pl.DataFrame


def read_results(
    comparison: Comparison,
    trials: Mapping[tuple[str, int], TrialFiles],
    projection: Path | None,
) -> Results:
    """Read the tables of trials, by method and seed; raise TableError as `read_table` does.

    projection: None where no method has embeddings.
    """
    task = comparison.task
    adaptive = {m.name for m in comparison.methods if has_user_rates(m.kind)}
    chosen = {trial: files for trial, files in trials.items() if trial[0] in adaptive}
    return Results(
        comparison,
        users=_read(trials, lambda t: t.users, user_metrics_schema(task)),
        rates=_user_rates(_read(chosen, lambda t: t.predictions, PREDICTIONS)),
        history=_read(trials, lambda t: t.history, HISTORY),
        support=_read(trials, lambda t: t.support, support_errors(task)),
        projection=read_table(projection, PROJECTION) if projection else _empty(PROJECTION),
    )


def _read(
    trials: Mapping[tuple[str, int], TrialFiles],
    choose: Callable[[TrialFiles], Path],
    schema: pa.DataFrameSchema,
) -> pl.DataFrame:
    key: dict[str, pl.DataType] = {"method": pl.String(), "seed": pl.Int64()}
    tables = [
        read_table(choose(files), schema).select(
            *(pl.lit(v, dtype).alias(n) for v, (n, dtype) in zip(trial, key.items(), strict=True)),
            pl.all(),
        )
        for trial, files in trials.items()
    ]
    return pl.concat([pl.DataFrame(schema=key | types(schema)), *tables])


def _user_rates(predictions: pl.DataFrame) -> pl.DataFrame:
    """Take each user's rate, which is that of all the user's rows."""
    known = predictions.drop_nulls("inner_lr")
    return known.unique(["method", "seed", "user"], keep="first", maintain_order=True).select(
        "method", "seed", "user", "group", "inner_lr"
    )


def _empty(schema: pa.DataFrameSchema) -> pl.DataFrame:
    return pl.DataFrame(schema=types(schema))
