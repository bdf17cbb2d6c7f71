"""Read a raw text file line by line; a line that does not fit is kept as a reject."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipeline_lib.data.encoding import decode
from pipeline_lib.data.errors import RawFileError
from pipeline_lib.data.rejects import Check, sieve


@dataclass(frozen=True)
class Column:
    """A column of a raw file: every value matches `pattern`, described in words."""

    name: str
    pattern: str
    meaning: str


@dataclass(frozen=True)
class RawTable:
    """What one raw file holds.

    rows: the lines that fit: `line` (from 1), `text` and a string column for each raw column.
    rejects: the others, as in `pipeline_lib.schemas.clean.REJECTS`. read: lines in the file.
    """

    file: str
    rows: pl.DataFrame
    rejects: pl.DataFrame
    read: int


def read_delimited(
    path: Path, columns: Sequence[Column], separator: str, encoding: str
) -> RawTable:
    """Read a file whose lines are `separator`-joined columns.

    Raises RawFileError when the file is missing, empty or wrongly encoded, or no line fits.
    """
    lines = _lines(decode(path, encoding))
    names = [c.name for c in columns]
    width = pl.col("text").str.count_matches(separator, literal=True) + 1
    kept, misshapen = sieve(
        lines,
        path.name,
        [Check(None, f"line has not {len(columns)} fields", width != len(columns))],
    )
    values = pl.col("text").str.splitn(separator, len(columns)).struct.rename_fields(names)
    fields = kept.with_columns(values.alias("values")).unnest("values")
    rows, malformed = sieve(
        fields,
        path.name,
        [
            Check(c.name, f"not {c.meaning}", ~pl.col(c.name).str.contains(c.pattern))
            for c in columns
        ],
    )
    if rows.is_empty():
        raise RawFileError(_no_line_fits(path, columns, separator, lines["text"][0]))
    return RawTable(path.name, rows, pl.concat([misshapen, malformed]), lines.height)


def _lines(text: str) -> pl.DataFrame:
    lines = text.removesuffix("\n").split("\n")
    frame = pl.DataFrame({"text": lines}, schema={"text": pl.String})
    return frame.select(
        pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("line"),
        pl.col("text").str.strip_suffix("\r"),
    )


def _no_line_fits(path: Path, columns: Sequence[Column], separator: str, first: str) -> str:
    wanted = separator.join(c.name for c in columns)
    return (
        f"{path}: no line has the layout {wanted}; line 1 is {first[:80]!r}. "
        f"Is it another file, or a MovieLens of another size?"
    )
