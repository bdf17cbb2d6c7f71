"""Read and write the files between rules: checked on both sides, whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pandera.polars as pa
import polars as pl
from pandera.errors import SchemaErrors
from pydantic import BaseModel

M = TypeVar("M", bound=BaseModel)


class TableError(Exception):
    """A table between rules breaks its schema."""


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path that becomes `path` when the block succeeds, and else vanishes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_table(frame: pl.DataFrame, schema: pa.DataFrameSchema, path: Path) -> None:
    """Check a table and write it as parquet; raise TableError when it breaks its schema."""
    _check(frame, schema, path)
    with atomic_path(path) as temporary:
        frame.write_parquet(temporary)


def read_table(path: Path, schema: pa.DataFrameSchema) -> pl.DataFrame:
    """Read and check a parquet table; raise TableError when damaged or against its schema."""
    try:
        frame = pl.read_parquet(path)
    except pl.exceptions.ComputeError as error:
        raise TableError(
            f"{path} is damaged ({error}); delete it and run snakemake again"
        ) from error
    _check(frame, schema, path)
    return frame


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
