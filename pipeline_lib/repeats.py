"""Find rows that have the same key, in tables too large to be sorted whole."""

from collections.abc import Sequence

import numpy as np
import polars as pl


def repeated_rows(rows: pl.LazyFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Return the rows whose `keys` other rows have as well, in their order.

    Holds one 64-bit hash a row; rows with equal hashes are then compared themselves.
    """
    key = pl.struct(keys).hash().alias("hash")
    hashes = rows.select(key).collect(engine="streaming").to_series().to_numpy(writable=True)
    hashes.sort()
    shared = pl.LazyFrame({"hash": np.unique(hashes[1:][hashes[1:] == hashes[:-1]])})
    suspects = rows.with_columns(key).join(shared, on="hash", how="semi", maintain_order="left")
    found = suspects.drop("hash").collect(engine="streaming")
    return found.filter(pl.struct(keys).is_duplicated())
