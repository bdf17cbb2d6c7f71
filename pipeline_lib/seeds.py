"""Seeds and sort keys that depend on a seed and a purpose or a name, and on nothing else."""

import hashlib

import numpy as np
import polars as pl


def derive_seed(seed: int, *labels: str | int) -> int:
    """Derive an independent 63-bit seed for one purpose, e.g. `derive_seed(0, "epoch", 3)`."""
    return _digest("/".join(map(str, (seed, *labels)))) >> 1


def hash_keys(names: pl.Series, seed: int) -> pl.Series:
    """Return a UInt64 key for each name, which depends on that name and the seed alone.

    Sorting by the keys shuffles; other names, row order and library versions change no key.
    """
    unique = names.unique()
    keys = pl.Series([_digest(f"{seed}/{name}") for name in unique], dtype=pl.UInt64)
    return names.replace_strict(unique, keys, return_dtype=pl.UInt64)


def combine_keys(left: pl.Series, right: pl.Series) -> pl.Series:
    """Mix two UInt64 key columns into one, row by row (splitmix64's finaliser)."""
    x = left.to_numpy() + right.to_numpy() * np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return pl.Series(x ^ (x >> np.uint64(31)))


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
