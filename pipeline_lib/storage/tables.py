"""Read and write the files between rules: checked on both sides, whole or not at all."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandera.polars as pa
import polars as pl
from pandera.errors import SchemaErrors
from pydantic import BaseModel


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


M = TypeVar("M", bound=BaseModel)
ROWS_PER_BATCH = 1_000_000
ROWS_PER_GROUP = 131_072  # of a parquet file; left to polars, it depends on threads
UNREADABLE = (pl.exceptions.ComputeError, pl.exceptions.InvalidOperationError)


class TableError(Exception):
    """A table between rules breaks its schema."""


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path that becomes `path` when the block succeeds, and else vanishes.

    Its bytes are on the disk before it does, so that a power cut leaves no empty file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_table(frame: pl.DataFrame, schema: pa.DataFrameSchema, path: Path) -> None:
    """Check a table and write it as parquet; raise TableError when it breaks its schema."""
    _check(frame, schema, path)
    with atomic_path(path) as temporary:
        frame.write_parquet(temporary, row_group_size=ROWS_PER_GROUP)


def read_table(path: Path, schema: pa.DataFrameSchema) -> pl.DataFrame:
    """Read and check a parquet table; raise TableError when damaged or against its schema."""
    try:
        frame = pl.read_parquet(path)
    except UNREADABLE as error:
        raise _damaged(path, error) from error
    _check(frame, schema, path)
    return frame


def read_rows(path: Path, schema: pa.DataFrameSchema, which: pl.Expr) -> pl.DataFrame:
    """Read and check some rows of a parquet table; raise TableError as `read_table` does."""
    try:
        frame = pl.scan_parquet(path).filter(which).collect()
    except UNREADABLE as error:
        raise _damaged(path, error) from error
    _check(frame, schema, path)
    return frame


def write_large_table(rows: pl.LazyFrame, schema: pa.DataFrameSchema, path: Path) -> None:
    """Stream rows to parquet and check them batch by batch; as `write_table`, never held whole."""
    with atomic_path(path) as temporary:
        rows.sink_parquet(temporary, row_group_size=ROWS_PER_GROUP)
        _check_batches(pl.scan_parquet(temporary), schema, path)


def scan_table(path: Path, schema: pa.DataFrameSchema) -> pl.LazyFrame:
    """Check a parquet table batch by batch and scan it; as `read_table`, never held whole."""
    try:
        rows = pl.scan_parquet(path)
        _check_batches(rows, schema, path)
    except UNREADABLE as error:
        raise _damaged(path, error) from error
    return rows


def write_json(record: BaseModel, path: Path) -> None:
    """Write a record as indented JSON."""
    write_text(record.model_dump_json(indent=2) + "\n", path)


def read_json(path: Path, model: type[M]) -> M:
    """Read a JSON record and check it against its model; raise pydantic's ValidationError."""
    return model.model_validate_json(path.read_bytes())


def write_text(text: str, path: Path) -> None:
    """Write UTF-8 text."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _check(frame: pl.DataFrame, schema: pa.DataFrameSchema, path: Path) -> None:
    try:
        schema.validate(frame, lazy=True)
    except SchemaErrors as error:
        findings = error.failure_cases.select("column", "check", "failure_case", "index").head(5)
        raise TableError(
            f"{path}: {error.failure_cases.height} values break the table's schema, the first "
            f"of them:\n{findings}"
        ) from error


def _check_batches(rows: pl.LazyFrame, schema: pa.DataFrameSchema, path: Path) -> None:
    of_one_row = pa.DataFrameSchema(schema.columns, strict=True)
    _check(rows.head(0).collect(), of_one_row, path)
    for batch in rows.collect_batches(chunk_size=ROWS_PER_BATCH):
        _check(batch, of_one_row, path)
    keys = [[name] for name, column in schema.columns.items() if column.unique]
    for key in [*keys, schema.unique] if schema.unique else keys:
        if not (found := repeated_rows(rows, key)).is_empty():
            raise TableError(
                f"{path}: {found.height} rows repeat a key, the first:\n{found.head(2)}"
            )


def _damaged(path: Path, error: Exception) -> TableError:
    return TableError(f"{path} is damaged ({error}); delete it and run snakemake again")
