"""What a shard's cleaning leaves for the whole log's."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pandera.polars as pa
import polars as pl

from pipeline_lib.schemas.clean import REJECTS, events, interactions, users
from pipeline_lib.schemas.columns import table
from pipeline_lib.settings.dataset import LogSettings


@dataclass(frozen=True)
class ShardFiles:
    """Where a shard's clean tables are, in their order (see `ShardTables`)."""

    users: Path
    interactions: Path
    events: Path
    rejects: Path
    report: Path

    @classmethod
    def within(cls, folder: Path) -> Self:
        """Name the files of a shard's folder."""
        return cls(
            users=folder / "users.parquet",
            interactions=folder / "interactions.parquet",
            events=folder / "events.parquet",
            rejects=folder / "rejects.parquet",
            report=folder / "report.json",
        )


@dataclass(frozen=True)
class ShardTables:
    """The schemas of a shard's tables: those of a log's, with `place` where that is their order."""

    users: pa.DataFrameSchema
    interactions: pa.DataFrameSchema
    events: pa.DataFrameSchema
    rejects: pa.DataFrameSchema

    @classmethod
    def of(cls, log: LogSettings) -> Self:
        """Describe the tables of a log's shards."""
        return cls(
            users(log.user_features),
            _placed(interactions(log.task.scale)),
            events(log.event_groups),
            _placed(REJECTS),
        )


def _placed(schema: pa.DataFrameSchema) -> pa.DataFrameSchema:
    place = pa.Column(pl.Int64, pa.Check.ge(1))
    return table({"place": place, **schema.columns}, schema.unique)
