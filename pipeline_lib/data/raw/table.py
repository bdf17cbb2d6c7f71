"""Open a raw file as a lazy table of texts, each row with its line."""

import mmap
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipeline_lib.data.raw.encoding import RawFileError, as_utf8
from pipeline_lib.data.raw.header import column_names
from pipeline_lib.data.raw.json_lines import SHAPE, read_json_lines
from pipeline_lib.data.raw.layout import Layout, joined_records, layout_of
from pipeline_lib.data.raw.packing import check_text, unpacked
from pipeline_lib.data.raw.parquet import read_parquet
from pipeline_lib.settings.errors import unknown
from pipeline_lib.settings.tables import Table

# What Polars raises where rows are damaged, or the files of a folder differ in their columns.
UNREADABLE = (
    pl.exceptions.ComputeError,
    pl.exceptions.InvalidOperationError,
    pl.exceptions.SchemaError,
)


@dataclass(frozen=True)
class RawTable:
    """The content of one raw file.

    rows: `line` (from 1, where the record starts; records joined of several lines come last),
    `text`, `misshapen` (whether the record has more or fewer fields than there are columns) and a
    string column `raw_<name>` for each raw column. joined: number of lines that are parts of
    longer records, because newlines stand within quotes. shape: what is wrong with a misshapen
    row, in words.
    """

    path: Path
    columns: tuple[str, ...]
    rows: pl.LazyFrame
    joined: int = 0
    shape: str = ""

    @property
    def file(self) -> str:
        """Return the file's name."""
        return self.path.name

    def has(self, names: Iterable[str]) -> bool:
        """Return whether the file has all these columns."""
        return set(names) <= {*self.columns}

    def column(self, name: str) -> pl.Expr:
        """Return a column's texts; raise RawFileError if the file has no such column."""
        if name not in self.columns:
            raise RawFileError(f"{self.path}: {unknown(name, 'column', self.columns)}")
        return pl.col(f"raw_{name}")

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Read the rows in this block; raise Polars' errors about them as RawFileError."""
        try:
            yield
        except UNREADABLE as error:
            raise RawFileError(
                f"{self.path} is damaged ({error}); write or download it again"
            ) from error


def open_table(path: Path, table: Table, scratch: Path) -> RawTable:
    """Open a file; only its encoding, its column names and torn records are read yet.

    scratch: a folder for an unpacked copy, and one in UTF-8. Raises RawFileError when the file is
    missing, empty, of another format or encoding, or without column names.
    """
    if table.is_parquet:
        source = path if path.is_dir() else unpacked(path, scratch)
        return RawTable(path, *read_parquet(source, path))
    found = unpacked(path, scratch)
    check_text(found, path)
    source = as_utf8(found, table.encoding, scratch, path)
    if table.is_json:
        return RawTable(path, *read_json_lines(source, path, table), shape=SHAPE)
    return _open_text(source, path, table)


def _open_text(source: Path, path: Path, table: Table) -> RawTable:
    quoted = table.quoting != "none" and _has_quotes(source)
    names, first = column_names(source, path, table)
    layout = layout_of(table, len(names), quoted=quoted)
    scan = pl.scan_lines(source, name="text", row_index_name="line", row_index_offset=1, glob=False)
    text = pl.col("text").str.strip_suffix("\r").str.strip_prefix("\ufeff")
    if layout.separator != table.splits_at:
        text = text.str.replace_all(table.splits_at, layout.separator, literal=True)
    lines = scan.select(pl.col("line").cast(pl.Int64), text).filter(pl.col("line") >= first)
    records, joined = _joined(path, lines, layout) if quoted else (lines, 0)
    fields = layout.split(pl.col("text"), quoted=quoted)
    rows = records.with_columns(
        (~layout.fits(pl.col("text"), quoted=quoted)).alias("misshapen"),
        *(field.alias(f"raw_{name}") for field, name in zip(fields, names, strict=True)),
    )
    if layout.separator != table.splits_at:
        texts = pl.col("^(text|raw_.*)$").str
        rows = rows.with_columns(texts.replace_all(layout.separator, table.splits_at, literal=True))
    return RawTable(path, tuple(names), rows, joined, f"line has not {len(names)} fields")


def _joined(path: Path, lines: pl.LazyFrame, layout: Layout) -> tuple[pl.LazyFrame, int]:
    try:
        return joined_records(lines, layout)
    except ValueError as error:
        raise RawFileError(
            f"{path}: {error}; if quotes mean nothing in this file, set `quotes: none`"
        ) from error


def _has_quotes(path: Path) -> bool:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return data.find(b'"') >= 0
