"""A shard of a log: some of its users with all that is theirs, told by a hash of their names."""

import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import pandera.polars as pa
import polars as pl

from pipeline_lib.data.clean.profiles import read_key
from pipeline_lib.data.raw.table import RawTable
from pipeline_lib.schemas.clean import REJECTS, events, interactions, users
from pipeline_lib.schemas.columns import table
from pipeline_lib.settings.columns import Column
from pipeline_lib.settings.dataset import LogSettings
from pipeline_lib.settings.tables import Table


@dataclass(frozen=True)
class Shard:
    """One of `count` shards, `number` from 1."""

    number: int
    count: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read, as of Snakemake, `2-of-8`."""
        number, count = text.split("-of-")
        return cls(int(number), int(count))

    def has(self, user: pl.Expr) -> pl.Expr:
        """Tell which names are those of its users; what is no name, null, is in the first."""
        number = user.map_batches(_hashed, return_dtype=pl.UInt32, is_elementwise=True) % self.count
        return number == self.number - 1

    def rows(self, raw: RawTable, table: Table, user: Column) -> RawTable:
        """Select the rows of its users, and in the first shard those of no user as well."""
        key = read_key(raw, "user", user, table.blank)
        return replace(raw, rows=raw.rows.filter(self.has(key)))


def _hashed(names: pl.Series) -> pl.Series:
    """Hash names as every version of every library does."""
    own = names.unique()
    hashes = pl.Series([zlib.crc32(name.encode()) if name else 0 for name in own], dtype=pl.UInt32)
    found = names.replace_strict(own, hashes, return_dtype=pl.UInt32)
    return found.cast(pl.UInt32)  # of no names polars makes texts


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
