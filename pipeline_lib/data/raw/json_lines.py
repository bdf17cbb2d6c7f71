"""Read JSON lines: an object a line, its values found by dotted paths."""

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

import polars as pl

from pipeline_lib.data.raw.encoding import RawFileError
from pipeline_lib.settings.tables import Table

SAMPLED = 10_000  # lines in which paths are looked for, where `columns` does not list them
LIST_SEPARATOR = "|"
SHAPE = "line is no JSON object"
Keys = tuple[str, ...]


def read_json_lines(source: Path, path: Path, table: Table) -> tuple[tuple[str, ...], pl.LazyFrame]:
    """Return the dotted paths of the values, and the rows as in `RawTable`.

    source: the text in UTF-8. path: the raw file. Lists of values are joined by `|`; true and false
    are 1 and 0. Raises RawFileError when no line of the first ten thousand is an object.
    """
    known = _paths(source, path)
    known |= {name: (*name.split("."),) for name in table.columns or () if name not in known}
    scan = pl.scan_lines(source, name="text", row_index_name="line", row_index_offset=1, glob=False)
    text = pl.col("text").str.strip_suffix("\r").str.strip_prefix("\ufeff")
    lines = scan.select(pl.col("line").cast(pl.Int64), text)
    whole = pl.col("text").str.json_path_match("$").is_not_null()
    begins = pl.col("text").str.strip_chars_start().str.starts_with("{")
    rows = lines.with_columns(
        (~(whole & begins)).alias("misshapen"),
        *(_value(keys).alias(f"raw_{name}") for name, keys in known.items()),
    )
    return tuple(known), rows


def _paths(source: Path, path: Path) -> dict[str, Keys]:
    """Return the keys of each value in the first lines, by their dotted path."""
    found: dict[str, Keys] = {}
    with source.open(encoding="utf-8-sig") as file:
        lines = list(islice(file, SAMPLED))
    for line in lines:
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict):
            for keys in _leaves(record):
                found.setdefault(".".join(keys), keys)
    if not found:
        whole = " It is one JSON value: write an object a line" * lines[0].lstrip().startswith("[")
        raise RawFileError(
            f"{path}: no line is a JSON object, as {lines[0][:80]!r} is none.{whole}"
        )
    return found


def _leaves(record: Mapping[str, object], above: Keys = ()) -> Iterator[Keys]:
    """Yield the keys of all values that can be read as a text."""
    for key, value in record.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*above, key))
        elif not (isinstance(value, list) and any(isinstance(v, dict | list) for v in value)):
            yield (*above, key)


def _value(keys: Keys) -> pl.Expr:
    place = "$" + "".join(f"[{json.dumps(key, ensure_ascii=False)}]" for key in keys)
    text = pl.col("text").str.json_path_match(place)
    return text.map_batches(_plain, return_dtype=pl.String, is_elementwise=True)


def _plain(texts: pl.Series) -> pl.Series:
    """Join lists, and write true and false as numbers, once for each distinct text."""
    marked = texts.filter(texts.str.contains(r"^(true|false|\[.*\])$")).unique()
    if marked.is_empty():
        return texts
    return texts.replace(marked, pl.Series([_joined(text) for text in marked], dtype=pl.String))


def _joined(text: str) -> str:
    if text in ("true", "false"):
        return str(int(text == "true"))
    try:
        values = json.loads(text)
    except ValueError:  # a text that begins so
        return text
    return LIST_SEPARATOR.join(str(value) for value in values if value is not None)
