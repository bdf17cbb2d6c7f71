"""Find the names of a text file's columns: in its first line, or in the settings."""

import csv
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from pipeline_lib.data.raw.encoding import RawFileError
from pipeline_lib.data.raw.layout import layout_of
from pipeline_lib.settings.tables import Table

INDEX = "Unnamed: 0"  # what pandas, which writes its index so, calls it when it reads it


def column_names(source: Path, raw: Path, table: Table) -> tuple[Sequence[str], int]:
    """Return the names of the columns, and the number of the first line that is a row.

    source: the text in UTF-8. raw: the file that it is of. A first column without a name, as
    pandas writes its index, gets one. Raises RawFileError when line 1 should name the columns
    and does not, or should be a row and names them.
    """
    line = _first_line(source)
    names = [name.strip() for name in _fields(line, table)]
    if table.columns:
        pairs = zip(names, table.columns, strict=False)
        if any(name.casefold() == column.casefold() for name, column in pairs):
            raise RawFileError(
                f"{raw}: line 1 names the columns, as it is {line[:80]!r}; take `columns` out"
            )
        return table.columns, 1
    if len(names) > 1 and not names[0]:
        names[0] = INDEX
    if not names or len(set(names)) < len(names) or "" in names:
        raise RawFileError(
            f"{raw}: line 1 should name the columns, but is {line[:80]!r}; if it is such a line, "
            "give each column one name of its own there; if the file has none, list the names "
            "under `columns`"
        )
    return names, 2


def _first_line(source: Path) -> str:
    with source.open(encoding="utf-8-sig", newline="\n") as file:
        return next(islice(file, 1)).rstrip("\r\n")


def _fields(line: str, table: Table) -> list[str]:
    if table.quoting == "none":
        return line.split(table.splits_at)
    layout = layout_of(table, 1, quoted=True)
    text = line.replace(table.splits_at, layout.separator)
    try:
        return next(csv.reader([text], delimiter=layout.separator), [])
    except csv.Error:  # a name longer than the csv module reads
        return []
