"""The epochs of a training job."""

import pandera.polars as pa
import polars as pl

from pipeline_lib.schemas.columns import finite, table

HISTORY = table(
    {
        "epoch": pa.Column(pl.Int64, pa.Check.ge(1), unique=True),
        "train_loss": finite(),
        "validation_mse": finite(),
        "seconds": finite(),
    }
)
