"""Bring what shards hold into one order."""

from collections.abc import Sequence
from itertools import zip_longest

import polars as pl


def merged(frames: Sequence[pl.LazyFrame], key: str) -> pl.LazyFrame:
    """Merge frames sorted by a key, never holding one whole; what has the same key is in one."""
    while len(frames) > 1:
        pairs = zip_longest(frames[::2], frames[1::2])
        frames = [a if b is None else a.merge_sorted(b, key=key) for a, b in pairs]
    return frames[0]
