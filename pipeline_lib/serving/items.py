"""Find items by the names that requests have for them."""

from collections import ChainMap
from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from pipeline_lib.data.clean.values import clean_text
from pipeline_lib.serving.bundle import ItemNames


class ItemFinder:
    """Finds items in the catalogue. names: in its order. readings: how raw files' are read."""

    def __init__(self, names: Sequence[str], readings: Sequence[ItemNames]) -> None:
        self._offsets = {name: offset for offset, name in enumerate(names)}
        self._cleaned = [
            clean_text(pl.col("name"), reading.column, reading.blank).alias(str(n))
            for n, reading in enumerate(readings)
        ]

    def find(self, names: Iterable[str]) -> Mapping[str, int]:
        """Return the offsets by name of items that are known as they stand, or once cleaned."""
        others = {name for name in names if name not in self._offsets}
        if not others:
            return self._offsets
        raw = pl.DataFrame({"name": sorted(others)}, schema={"name": pl.String})
        found: dict[str, int] = {}
        for name, *cleaned in raw.select("name", *self._cleaned).iter_rows():
            for known in filter(self._offsets.__contains__, cleaned):
                found.setdefault(name, self._offsets[known])
        return ChainMap(found, self._offsets)
