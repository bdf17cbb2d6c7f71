"""Read a Parquet file, or all those of a folder as one table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from urllib.parse import unquote

import polars as pl

from pipeline_lib.data.raw.encoding import RawFileError
from pipeline_lib.data.raw.json_lines import LIST_SEPARATOR

FILE = "file of the row"
NULL = "__HIVE_DEFAULT_PARTITION__"  # what writers call a folder of rows without a value


@dataclass(frozen=True)
class _Part:
    """A Parquet file: its name within the folder, rows, and the values that folders' names give."""

    file: Path
    name: str
    schema: Mapping[str, pl.DataType]
    rows: int
    values: Mapping[str, str | None]


def parquet_parts(folder: Path) -> list[Path]:
    """Return a folder's files, sorted; not those that a writer keeps for itself, as _SUCCESS."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return [folder / p for p in sorted(found) if not any(x[0] in "._" for x in p.parts)]


def read_parquet(source: Path, path: Path) -> tuple[tuple[str, ...], pl.LazyFrame]:
    """Return the names of the columns, and the rows as in `RawTable`.

    source: the file, unpacked. path: the raw file; a folder is all of its files in the order of
    their paths, with the values that names of folders give, as `day=1`. Rows are counted through,
    and their text names the file and the row in it. Raises RawFileError, also where a file of a
    folder has other columns than the first.
    """
    whole = source.is_dir()
    parts = [_open(p, source, path) for p in (parquet_parts(source) if whole else [source])]
    if not parts:
        raise RawFileError(f"{path} holds no Parquet file; put them there or correct raw_dir")
    for part in parts:
        _check(part, parts[0], path)
    read = {n: t for n, t in parts[0].schema.items() if _has_text(t) and n not in parts[0].values}
    texts = [_as_text(name, dtype).alias(f"raw_{name}") for name, dtype in read.items()]
    given = {name: [part.values[name] for part in parts] for name in parts[0].values}
    texts += [_of_file(parts, values).alias(f"raw_{name}") for name, values in given.items()]
    line = pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("line")
    text = pl.concat_str(pl.col("^raw_.*$").fill_null(""), separator="\t")
    if whole:
        text = pl.concat_str(_places(parts), text, separator="\t")
    files = [part.file for part in parts]
    scan = pl.scan_parquet(files, glob=False, hive_partitioning=False, include_file_paths=FILE)
    rows = scan.select(line, FILE, *texts).with_columns(
        text.alias("text"), pl.lit(value=False).alias("misshapen")
    )
    return (*read, *parts[0].values), rows.drop(FILE)


def _open(file: Path, source: Path, path: Path) -> _Part:
    name = "" if file == source else str(file.relative_to(source))
    try:
        scan = pl.scan_parquet(file, glob=False, hive_partitioning=False)
        rows: int = scan.select(pl.len()).collect().item()
        schema = scan.collect_schema()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise RawFileError(f"{path / name} is no Parquet file: {error}") from error
    folders = [folder.partition("=") for folder in Path(name).parts[:-1] if "=" in folder]
    values = {unquote(key): None if text == NULL else unquote(text) for key, _, text in folders}
    return _Part(file, name, schema, rows, values)


def _check(part: _Part, first: _Part, path: Path) -> None:
    """Raise RawFileError where a file has other columns than the first."""
    own, wanted = ({**p.schema, **dict.fromkeys(p.values, "of a folder")} for p in (part, first))
    other = [name for name in {**own, **wanted} if own.get(name) != wanted.get(name)]
    if other:
        described = (f"{name} ({own.get(name)}, not {wanted.get(name)})" for name in other)
        raise RawFileError(
            f"{path / part.name} has other columns than {first.name}: {', '.join(described)}; "
            "write all files with the same columns"
        )


def _of_file(parts: Sequence[_Part], values: Sequence[str | int | None]) -> pl.Expr:
    """Compute the value of each row's file; values: one a file."""
    files = [str(part.file) for part in parts]
    dtype = pl.Int64 if isinstance(values[0], int) else pl.String
    return pl.col(FILE).replace_strict(files, values, return_dtype=dtype)


def _places(parts: Sequence[_Part]) -> pl.Expr:
    """Compute in which file a row is, and the number of the row there: `day=1/a.parquet:7`."""
    starts = [*accumulate((part.rows for part in parts[:-1]), initial=0)]
    row = pl.col("line") - _of_file(parts, starts)
    return pl.format("{}:{}", _of_file(parts, [part.name for part in parts]), row)


def _has_text(dtype: pl.DataType) -> bool:
    """Return whether a column can be read as text; others are ignored."""
    inner = dtype.inner if isinstance(dtype, pl.List) else dtype
    return not inner.is_nested() and inner != pl.Duration


def _as_text(name: str, dtype: pl.DataType) -> pl.Expr:
    if isinstance(dtype, pl.List):
        return pl.col(name).cast(pl.List(pl.String)).list.join(LIST_SEPARATOR)
    if dtype.is_float():  # 1.0 where other files have 1
        return pl.col(name).cast(pl.String).str.strip_suffix(".0")
    if dtype == pl.Boolean:
        return pl.col(name).cast(pl.Int8).cast(pl.String)
    return pl.col(name).cast(pl.String)
