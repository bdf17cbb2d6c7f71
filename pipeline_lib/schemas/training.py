"""The schema of a training's epochs."""

import pandera.polars as pa
import polars as pl

from pipeline_lib.schemas.columns import finite, name, table

# One row an epoch and figure, since methods report different figures.
HISTORY = table(
    {"epoch": pa.Column(pl.Int64, pa.Check.ge(1)), "figure": name(), "value": finite()},
    unique=["epoch", "figure"],
)
