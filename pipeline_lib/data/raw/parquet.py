"""Read a Parquet file, or all those of a folder as one table."""

from pathlib import Path

import polars as pl

from pipeline_lib.data.raw.encoding import RawFileError
from pipeline_lib.data.raw.json_lines import LIST_SEPARATOR

PART = "file of the row"


def parquet_parts(folder: Path) -> list[Path]:
    """Return a folder's Parquet files, sorted; not those that a writer keeps for itself."""
    found = (path.relative_to(folder) for path in folder.rglob("*.parquet") if path.is_file())
    return [folder / p for p in sorted(found) if not any(x[0] in "._" for x in p.parts)]


def read_parquet(source: Path, path: Path) -> tuple[tuple[str, ...], pl.LazyFrame]:
    """Return the names of the columns, and the rows as in `RawTable`.

    source: the file, unpacked. path: the raw file; a folder is all of its Parquet files in the
    order of their paths, with the values that names of folders give, as `day=1`. Rows are counted
    through, and their text names the file and the row in it. Raises RawFileError.
    """
    parts = parquet_parts(source) if source.is_dir() else [source]
    if not parts:
        raise RawFileError(f"{path} holds no Parquet file; put them there or correct raw_dir")
    try:
        scan = _scan(parts, source)
        found = scan.collect_schema()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise RawFileError(f"{path} is no Parquet file: {error}") from error
    schema = {n: dtype for n, dtype in found.items() if n != PART and _has_text(dtype)}
    texts = [_as_text(name, dtype).alias(f"raw_{name}") for name, dtype in schema.items()]
    line = pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("line")
    text = pl.concat_str(pl.col("^raw_.*$").fill_null(""), separator="\t")
    if source.is_dir():
        text = pl.concat_str(_place(parts, source), text, separator="\t")
    rows = scan.select(line, PART, *texts).with_columns(
        text.alias("text"), pl.lit(value=False).alias("misshapen")
    )
    return tuple(schema), rows.drop(PART)


def _scan(parts: list[Path], source: Path) -> pl.LazyFrame:
    hive = any("=" in name for part in parts for name in part.relative_to(source).parts[:-1])
    return pl.scan_parquet(
        parts,
        glob=False,
        hive_partitioning=hive and source.is_dir(),
        include_file_paths=PART,
        missing_columns="insert",
    )


def _place(parts: list[Path], folder: Path) -> pl.Expr:
    """Compute in which file a row is, and the number of the row there: `day=1/a.parquet:7`."""
    starts, rows = {}, 0
    for part in parts:
        starts[str(part)] = rows
        rows += pl.scan_parquet(part, glob=False).select(pl.len()).collect().item()
    names = {str(part): str(part.relative_to(folder)) for part in parts}
    first = pl.col(PART).replace_strict(starts, return_dtype=pl.Int64)
    name = pl.col(PART).replace_strict(names, return_dtype=pl.String)
    return pl.format("{}:{}", name, pl.col("line") - first)


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
