"""A shard of a log: some of its users with all that is theirs, told by a hash of their names."""

import zlib
from dataclasses import dataclass, replace
from typing import Self

import polars as pl

from pipeline_lib.data.profiles import read_key
from pipeline_lib.data.raw import RawTable
from pipeline_lib.settings.columns import Column
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
