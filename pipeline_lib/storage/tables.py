"""Read and write the files between rules: checked on both sides, complete or not at all."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandera.polars as pa
import polars as pl
from pandera.errors import SchemaErrors
from pydantic import BaseModel

M = TypeVar("M", bound=BaseModel)
ROWS_PER_BATCH = 1_000_000
ROWS_PER_GROUP = 131_072  # of a parquet file; left to polars, it depends on threads
UNREADABLE = (pl.exceptions.ComputeError, pl.exceptions.InvalidOperationError)


class TableError(Exception):
    """A table between rules breaks its schema."""


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path that becomes `path` if the block succeeds, and is removed if not.

    Its bytes reach the disk before it is renamed, so that a power cut leaves no empty file.
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
    """Check a table and write it to parquet; raise TableError if it breaks its schema."""
    _check(frame, schema, path)
    with atomic_path(path) as temporary:
        frame.write_parquet(temporary, row_group_size=ROWS_PER_GROUP)


def read_table(path: Path, schema: pa.DataFrameSchema) -> pl.DataFrame:
    """Read and check a parquet table; raise TableError if it is damaged or breaks its schema."""
    try:
        frame = pl.read_parquet(path, glob=False)
    except UNREADABLE as error:
        raise _damaged(path, error) from error
    _check(frame, schema, path)
    return frame


def read_rows(path: Path, schema: pa.DataFrameSchema, wanted: pl.Expr) -> pl.DataFrame:
    """Read and check the wanted rows of a parquet table; raise TableError as `read_table` does."""
    try:
        frame = pl.scan_parquet(path, glob=False).filter(wanted).collect()
    except UNREADABLE as error:
        raise _damaged(path, error) from error
    _check(frame, schema, path)
    return frame


def write_large_table(rows: pl.LazyFrame, schema: pa.DataFrameSchema, path: Path) -> None:
    """Stream rows to parquet and check them in batches; as `write_table`, never holding all."""
    with atomic_path(path) as temporary:
        sink(rows, temporary)
        _check_batches(pl.scan_parquet(temporary, glob=False), schema, path)


def sink(rows: pl.LazyFrame, path: Path) -> None:
    """Stream rows to an unchecked parquet file, never holding them all.

    Polars gets an open file: given a path, it may make the file after the failure is raised.
    """
    with path.open("wb") as file:
        rows.sink_parquet(file, row_group_size=ROWS_PER_GROUP)


def scan_table(path: Path, schema: pa.DataFrameSchema) -> pl.LazyFrame:
    """Check a parquet table in batches and scan it; as `read_table`, never holding all rows."""
    try:
        rows = pl.scan_parquet(path, glob=False)
        _check_batches(rows, schema, path)
    except UNREADABLE as error:
        raise _damaged(path, error) from error
    return rows


def repeated_rows(rows: pl.LazyFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Return the rows whose `keys` another row has too, in their order.

    Only one 64-bit hash a row is held; rows whose hashes are equal are then compared themselves.
    """
    key = pl.struct(keys).hash().alias("hash")
    hashes = rows.select(key).collect(engine="streaming").to_series().to_numpy(writable=True)
    hashes.sort()
    shared = pl.LazyFrame({"hash": np.unique(hashes[1:][hashes[1:] == hashes[:-1]])})
    suspects = rows.with_columns(key).join(shared, on="hash", how="semi", maintain_order="left")
    found = suspects.drop("hash").collect(engine="streaming")
    return found.filter(pl.struct(keys).is_duplicated())


def write_json(model: BaseModel, path: Path) -> None:
    """Write a model as indented JSON."""
    write_text(model.model_dump_json(indent=2) + "\n", path)


def read_json(path: Path, model: type[M]) -> M:
    """Read JSON and check it against a model; raise pydantic's ValidationError if it differs."""
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
    columns_alone = pa.DataFrameSchema(schema.columns, strict=True)
    batches = rows.collect_batches(chunk_size=ROWS_PER_BATCH)
    first = next(batches, rows.head(0).collect())
    for batch in chain([first], batches):
        _check(batch, columns_alone, path)
    keys = [[name] for name, column in schema.columns.items() if column.unique]
    for key in [*keys, schema.unique] if schema.unique else keys:
        if not (found := repeated_rows(rows, key)).is_empty():
            raise TableError(
                f"{path}: {found.height} rows repeat a key, the first:\n{found.head(2)}"
            )


def _damaged(path: Path, error: Exception) -> TableError:
    return TableError(f"{path} is damaged ({error}); delete it and run snakemake again")
