"""What a trained method predicts, where its users lie in a plane, and how far groups part."""

import pandera.polars as pa
import polars as pl

from pipeline_lib.schemas.columns import GROUPS, finite, name, one_of, table

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

SEPARATION = table(
    {
        "method": name(unique=True),
        "users": pa.Column(pl.Int64, pa.Check.ge(0)),
        "auc": finite(nullable=True),
        "untrained_auc": finite(nullable=True),
    },
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
