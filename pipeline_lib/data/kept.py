"""Refuse a raw file of which no row is left."""

from pathlib import Path

import polars as pl

from pipeline_lib.data.errors import RawFileError
from pipeline_lib.data.report import FileCount


def check_kept(path: Path, count: FileCount, rejects: pl.LazyFrame) -> None:
    """Raise RawFileError, which says why, when no row could be kept; rejects: the file's."""
    if count.kept:
        return
    if not count.read:
        raise RawFileError(f"{path} has no rows; unpack or download it again")
    first = rejects.select(pl.col("text").head(1)).collect(engine="streaming").item()
    raise RawFileError(
        f"{path}: none of the {count.read:,} rows could be kept, most often because "
        f"{next(iter(count.reasons))!r}; the first is {first[:80]!r}. Is it another file, or "
        "does it not belong to the others?"
    )
