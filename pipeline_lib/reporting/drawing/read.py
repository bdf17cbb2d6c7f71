"""Read a dataset's results from the tables of all its trainings."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import pandera.polars as pa
import polars as pl

from pipeline_lib.evaluation.comparison import Comparison
from pipeline_lib.metrics.users import support_schema, users_schema
from pipeline_lib.reporting.drawing.plot import has_user_rates
from pipeline_lib.reporting.drawing.view import Results
from pipeline_lib.schemas.columns import no_rows, types
from pipeline_lib.schemas.results import (
    PREDICTIONS,
    PROJECTION,
)
from pipeline_lib.schemas.training import HISTORY
from pipeline_lib.storage.tables import read_table
from pipeline_lib.training.record import TrainingRecord

Paths = Mapping[tuple[str, int], Path]  # by method and seed


def read_results(
    comparison: Comparison,
    tables: Mapping[str, Paths],
    projection: Path | None,
    trainings: Iterable[TrainingRecord] = (),
) -> Results:
    """Read all results of a dataset; raise TableError as `read_table` does.

    tables: the files of `users`, `predictions`, `history` and `support`. projection: None where no
    method has embeddings. trainings: the methods', whose settings figures may go by.
    """
    adaptive = {m.name for m in comparison.methods if has_user_rates(m.kind)}
    chosen = {key: path for key, path in tables["predictions"].items() if key[0] in adaptive}
    return Results(
        comparison,
        users=_read(tables["users"], users_schema(comparison.task, comparison.chosen_metrics)),
        rates=_user_rates(_read(chosen, PREDICTIONS)),
        history=_read(tables["history"], HISTORY),
        support=_read(tables["support"], support_schema(comparison.task)),
        projection=read_table(projection, PROJECTION) if projection else no_rows(PROJECTION),
        settings={t.method: {**t.settings, "network": str(t.network)} for t in trainings},
    )


def _read(paths: Paths, schema: pa.DataFrameSchema) -> pl.DataFrame:
    """Read tables into one, the method and the seed before each row."""
    keys = {"method": pl.String(), "seed": pl.Int64()}
    found = [pl.DataFrame(schema=keys | types(schema))]
    for (method, seed), path in paths.items():
        named = pl.lit(method).alias("method"), pl.lit(seed, pl.Int64).alias("seed")
        found.append(read_table(path, schema).select(*named, pl.all()))
    return pl.concat(found)


def _user_rates(predictions: pl.DataFrame) -> pl.DataFrame:
    """Return each user's rate, which is that of all the user's rows."""
    known = predictions.drop_nulls("inner_lr")
    return known.unique(["method", "seed", "user"], keep="first", maintain_order=True).select(
        "method", "seed", "user", "group", "inner_lr"
    )
