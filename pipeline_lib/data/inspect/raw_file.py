"""Find how a raw file is written: its encoding, its separator and its line of names."""

import csv
import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl

from pipeline_lib.data.raw.packing import unpacked
from pipeline_lib.data.raw.table import open_table
from pipeline_lib.settings.tables import SEPARATORS, Table

LINES = 200  # that tell how a file is written
ROWS = 100_000  # at most, evenly spread, that tell what is in its columns
UNNAMED = "column_"  # and its number
CANDIDATES = ("::", "\t", ";", ",", "|", " ")
NUMBER = re.compile(r"[-+]?\d*\.?\d+([eE][-+]?\d+)?")


@dataclass(frozen=True)
class RawFile:
    """A raw file as it was found.

    settings: of `pipeline_lib.settings.tables.Table`. doubts: what is not sure, by setting. rows:
    some of those that have the right number of fields, a text column for each raw column.
    """

    path: Path
    settings: dict[str, Any]
    rows: pl.DataFrame
    doubts: dict[str, str] = field(default_factory=dict)


def read_raw_file(path: Path, scratch: Path) -> RawFile:
    """Look at a file; scratch: a folder for copies. Raises RawFileError and ValueError."""
    name = f"{path.name}/" if path.is_dir() and path.suffix != ".parquet" else path.name
    table = Table.model_construct(file=name)
    settings, doubts = ({"file": name}, {}) if table.is_parquet else _layout(path, table, scratch)
    raw = open_table(path, Table.model_validate(settings), scratch)
    with raw.reading():
        number = raw.rows.select(pl.len()).collect(engine="streaming").item()
        nth = pl.col("line") % (1 + number // ROWS) == 0
        rows = raw.rows.filter(nth & ~pl.col("misshapen")).collect(engine="streaming")
    texts = rows.select(pl.col(f"raw_{column}").alias(column) for column in raw.columns)
    return RawFile(path, settings, texts, doubts)


def _layout(path: Path, table: Table, scratch: Path) -> tuple[dict[str, Any], dict[str, str]]:
    settings: dict[str, Any] = {"file": path.name}
    doubts: dict[str, str] = {}
    source = unpacked(path, scratch)
    encoding = _encoding(source)
    if encoding != "utf-8":
        settings["encoding"] = encoding
        doubts["encoding"] = "a guess: look whether accents are right in the data report"
    if table.is_json:
        return settings, doubts
    with source.open(encoding=encoding, errors="replace", newline="\n") as file:
        lines = [line.rstrip("\r\n").removeprefix("\ufeff") for line in islice(file, LINES)]
    separator = _separator(lines)
    if separator != SEPARATORS.get(table.suffix):
        settings["separator"] = separator
    if not _names_columns(first := _split(lines[0], separator), lines[1:], separator):
        settings["columns"] = [f"{UNNAMED}{n}" for n in range(1, len(first) + 1)]
        doubts["columns"] = "the file has no line of names; choose better ones"
    return settings, doubts


def _encoding(source: Path) -> str:
    with source.open("rb") as file:
        head = file.read(2**20)
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    try:
        head[: head.rfind(b"\n") + 1 or None].decode("utf-8")
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


def _separator(lines: list[str]) -> str:
    """Return what splits most lines into as many fields, and these into most."""

    def _fit(separator: str) -> tuple[bool, float, int]:
        counts = Counter(len(_split(line, separator)) for line in lines)
        fields, often = counts.most_common(1)[0]
        return fields > 1, often / len(lines), fields

    return max(CANDIDATES, key=_fit)


def _split(line: str, separator: str) -> list[str]:
    if len(separator) > 1:
        return line.split(separator)
    return next(csv.reader([line], delimiter=separator), [])


def _names_columns(first: list[str], lines: list[str], separator: str) -> bool:
    """Return whether line 1 has names: all different, none a number, none a value below it."""
    below = [own for line in lines if len(own := _split(line, separator)) == len(first)]
    values = {(n, value) for own in below for n, value in enumerate(own)}
    plain = not any(NUMBER.fullmatch(name.strip()) for name in first)
    return plain and len(set(first)) == len(first) and values.isdisjoint(enumerate(first))
