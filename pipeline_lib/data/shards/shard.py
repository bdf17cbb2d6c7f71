"""A shard of a log: the users whose names have some hash, with all their rows."""

import zlib
from dataclasses import dataclass, replace
from typing import Self

import pandera.polars as pa
import polars as pl

from pipeline_lib.data.clean.profiles import read_key
from pipeline_lib.data.raw.table import RawTable
from pipeline_lib.schemas.clean import REJECTS, events, interactions, users
from pipeline_lib.schemas.columns import table
from pipeline_lib.settings.columns import Column
from pipeline_lib.settings.log import LogSettings
from pipeline_lib.settings.tables import Table


@dataclass(frozen=True)
class Shard:
    """One of `count` shards, `number` from 1."""

    number: int
    count: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the shard that Snakemake calls, for example, `2-of-8`."""
        number, count = text.split("-of-")
        return cls(int(number), int(count))

    def has(self, user: pl.Expr) -> pl.Expr:
        """Compute which names are those of its users; null is in the first shard."""
        number = user.map_batches(_hashed, return_dtype=pl.UInt32, is_elementwise=True) % self.count
        return number == self.number - 1

    def rows(self, raw: RawTable, table: Table, user: Column) -> RawTable:
        """Return the rows of its users; those without a user are in the first shard."""
        key = read_key(raw, "user", user, table.blank)
        return replace(raw, rows=raw.rows.filter(self.has(key)))


def _hashed(names: pl.Series) -> pl.Series:
    """Compute CRC-32 of names, since it is the same in every version of every library."""
    own = names.unique()
    hashes = pl.Series([zlib.crc32(name.encode()) if name else 0 for name in own], dtype=pl.UInt32)
    found = names.replace_strict(own, hashes, return_dtype=pl.UInt32)
    return found.cast(pl.UInt32)  # polars returns strings for an empty column


def shard_tables(log: LogSettings) -> dict[str, pa.DataFrameSchema]:
    """Return the schemas of a shard's tables by name: as of a log's, with `place` for its order."""
    return {
        "users": users(log.user_features),
        "interactions": _placed(interactions(log.task.scale, timed=log.timed)),
        "events": events(log.event_groups),
        "rejects": _placed(REJECTS),
    }


def _placed(schema: pa.DataFrameSchema) -> pa.DataFrameSchema:
    place = pa.Column(pl.Int64, pa.Check.ge(1))
    return table({"place": place, **schema.columns}, schema.unique)
