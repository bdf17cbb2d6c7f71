"""Large tables: every batch of rows is checked, nothing is held whole, and nothing half left."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pandera.polars as pa
import polars as pl
import pytest

from pipeline_lib.schemas.clean import interactions
from pipeline_lib.schemas.columns import table
from pipeline_lib.schemas.split import TRAIN_USERS, split_rows
from pipeline_lib.storage import tables as storage
from pipeline_lib.storage.tables import TableError, scan_table, write_large_table, write_table

ROOT = Path(__file__).parents[2]
SCHEMA = interactions((1, 5))
ROWS = 400
PER_BATCH = 100
# First and last of a batch, in the middle, and last of all.
ROWS_MADE_WRONG = (0, 99, 100, 255, 399)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file in a folder that nobody has made yet."""
    return tmp_path / "new" / "table"


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "ROWS_PER_BATCH", PER_BATCH)


def good_rows(rows: int = ROWS) -> pl.DataFrame:
    number = pl.int_range(rows, dtype=pl.Int64)
    return pl.select(
        (number // 10).cast(pl.String).alias("user"),
        (number % 10).cast(pl.String).alias("item"),
        (number % 5 + 1).cast(pl.Float32).alias("target"),
    )


def changed(row: int, **values: pl.Expr) -> pl.DataFrame:
    here = pl.int_range(pl.len()) == row
    return good_rows().with_columns(
        pl.when(here).then(value).otherwise(pl.col(name)).alias(name)
        for name, value in values.items()
    )


def names(path: Path) -> list[str]:
    return [found.name for found in path.parent.iterdir()]


def write_unchecked(rows: pl.DataFrame, path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    rows.write_parquet(path)


def is_refused(rows: pl.DataFrame, schema: pa.DataFrameSchema, path: Path) -> str:
    """Expect neither to write nor to read a table; return what is said of it."""
    with pytest.raises(TableError) as at_writing:
        write_large_table(rows.lazy(), schema, path)
    assert names(path) == []
    write_unchecked(rows, path)
    with pytest.raises(TableError) as at_reading:
        scan_table(path, schema)
    assert str(at_reading.value) == str(at_writing.value)
    assert str(at_writing.value).startswith(f"{path}: ")
    return str(at_writing.value)


@pytest.mark.parametrize("rows", [0, 1, PER_BATCH, PER_BATCH + 1, ROWS])
def test_a_table_is_read_as_it_was_written(rows: int, path: Path) -> None:
    write_large_table(good_rows(rows).lazy(), SCHEMA, path)
    assert scan_table(path, SCHEMA).collect().equals(good_rows(rows))
    assert names(path) == ["table"]


def test_small_and_large_tables_are_one_format(path: Path) -> None:
    write_table(good_rows(), SCHEMA, path)
    assert scan_table(path, SCHEMA).collect().equals(good_rows())
    write_large_table(good_rows().lazy(), SCHEMA, path)
    assert storage.read_table(path, SCHEMA).equals(good_rows())


WRONG: list[tuple[str, pl.Expr]] = [
    ("target", pl.lit(5.5, pl.Float32)),
    ("target", pl.lit(float("nan"), pl.Float32)),
    ("target", pl.lit(None, pl.Float32)),
    ("user", pl.lit("")),
    ("item", pl.lit(None, pl.String)),
]


# Every row and every value by default.
@pytest.mark.parametrize(
    ("row", "column", "value"),
    [
        pytest.param(row, *wrong, marks=() if ROWS_MADE_WRONG.index(row) == n else pytest.mark.slow)
        for row in ROWS_MADE_WRONG
        for n, wrong in enumerate(WRONG)
    ],
)
def test_a_wrong_value_is_found_in_every_batch(
    row: int, column: str, value: pl.Expr, path: Path
) -> None:
    said = is_refused(changed(row, **{column: value}), SCHEMA, path)
    assert "values break the table's schema" in said
    assert column in said


@pytest.mark.parametrize("rows", [0, ROWS])
@pytest.mark.parametrize(
    ("change", "column"),
    [
        (lambda rows: rows.drop("item"), "item"),
        (lambda rows: rows.with_columns(fold=pl.lit("test")), "fold"),
        (lambda rows: rows.with_columns(pl.col("target").cast(pl.Float64)), "target"),
        (lambda rows: rows.with_columns(pl.col("user").cast(pl.Int64)), "user"),
    ],
)
def test_wrong_columns_and_types_are_refused_with_and_without_rows(
    change: Callable[[pl.DataFrame], pl.DataFrame], column: str, rows: int, path: Path
) -> None:
    assert column in is_refused(change(good_rows(rows)), SCHEMA, path)


@pytest.mark.parametrize("row", [1, 100, ROWS - 1])
def test_a_key_that_an_earlier_batch_has_is_refused(row: int, path: Path) -> None:
    """The key of the first row, user 0 and item 0, comes again."""
    said = is_refused(changed(row, user=pl.lit("0"), item=pl.lit("0")), SCHEMA, path)
    assert "2 rows repeat a key" in said


def test_half_a_key_may_come_again(path: Path) -> None:
    """Every user and every item has many rows: only both together name one."""
    write_large_table(good_rows().lazy(), SCHEMA, path)
    assert scan_table(path, SCHEMA).select(pl.col("user").n_unique()).collect().item() == ROWS // 10


@pytest.mark.parametrize("row", [1, 100, ROWS - 1])
def test_a_column_that_must_be_unique_is_so_across_batches(row: int, path: Path) -> None:
    users = pl.select(pl.int_range(ROWS).cast(pl.String).alias("user"))
    write_large_table(users.lazy(), TRAIN_USERS, path)
    path.unlink()
    again = pl.when(pl.int_range(pl.len()) == row).then(pl.lit("0")).otherwise("user").alias("user")
    is_refused(users.with_columns(again), TRAIN_USERS, path)


def test_no_more_rows_than_a_batch_are_checked_at_once(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[int] = []
    validate = pa.DataFrameSchema.validate

    def count(schema: pa.DataFrameSchema, frame: pl.DataFrame, **how: bool) -> object:
        checked.append(frame.height)
        return validate(schema, frame, **how)

    monkeypatch.setattr(pa.DataFrameSchema, "validate", count)
    write_large_table(good_rows().lazy(), SCHEMA, path)
    scan_table(path, SCHEMA)
    assert max(checked) == PER_BATCH
    assert sum(checked) == 2 * ROWS


def test_another_schemas_table_is_refused(path: Path) -> None:
    write_large_table(good_rows().lazy(), SCHEMA, path)
    with pytest.raises(TableError, match="fold"):
        scan_table(path, split_rows((1, 5)))


def test_an_older_table_stays_when_a_new_one_is_refused(path: Path) -> None:
    write_large_table(good_rows().lazy(), SCHEMA, path)
    with pytest.raises(TableError):
        write_large_table(changed(ROWS - 1, user=pl.lit("")).lazy(), SCHEMA, path)
    assert names(path) == ["table"]
    assert scan_table(path, SCHEMA).collect().equals(good_rows())


def test_a_failure_while_rows_are_made_leaves_no_file(path: Path) -> None:
    halfway = good_rows().lazy().with_columns(pl.col("item").replace("7", "x").cast(pl.Int64))
    with pytest.raises(pl.exceptions.InvalidOperationError):
        write_large_table(halfway, SCHEMA, path)
    assert names(path) == []


def test_a_file_that_polars_makes_after_its_failure_is_not_left(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a loaded machine may have it: the thread that writes goes on after the exception."""
    write_late: list[Callable[[], object]] = []

    def fail_first(rows: pl.LazyFrame, target: Path | BinaryIO, **_: object) -> None:
        if isinstance(target, Path):
            write_late.append(lambda: target.write_bytes(b"half"))
        else:  # an open file's descriptor is copied
            copy = os.fdopen(os.dup(target.fileno()), "wb")
            write_late.extend((lambda: copy.write(b"half"), copy.close))
        raise pl.exceptions.ComputeError("disk full")

    monkeypatch.setattr(pl.LazyFrame, "sink_parquet", fail_first)
    with pytest.raises(pl.exceptions.ComputeError):
        write_large_table(good_rows().lazy(), SCHEMA, path)
    for write in write_late:
        write()
    assert write_late
    assert names(path) == []


@pytest.mark.parametrize("kept", [0, 3, 100, -9, -1])
def test_a_cut_off_file_is_named(kept: int, path: Path) -> None:
    write_large_table(good_rows().lazy(), SCHEMA, path)
    path.write_bytes(path.read_bytes()[:kept])
    for read in (scan_table, storage.read_table):
        with pytest.raises(TableError) as caught:
            read(path, SCHEMA)
        assert str(caught.value).startswith(f"{path} is damaged (")
        assert str(caught.value).endswith("delete it and run snakemake again")


def test_a_file_with_a_garbled_schema_is_named(path: Path) -> None:
    write_large_table(good_rows().lazy(), SCHEMA, path)
    content = bytearray(path.read_bytes())
    content[content.index(b"ARROW:schema") + 20] = 64
    path.write_bytes(content)
    for read in (scan_table, storage.read_table):
        with pytest.raises(TableError, match="is damaged"):
            read(path, SCHEMA)


def test_a_missing_file_is_no_damaged_one(path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        scan_table(path, SCHEMA).collect()


# Batch by batch, eight million rows take 230 MB; checked in one piece they take 520.
MEMORY = """
from pathlib import Path
import polars as pl
from pipeline_lib.storage import tables as storage
from pipeline_lib.schemas.clean import interactions

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM"))

storage.ROWS_PER_BATCH = 100_000
number, path, schema = pl.col("number"), Path("table"), interactions((1, 5))
rows = pl.select(pl.int_range(8_000_000).alias("number")).lazy().select(
    pl.format("a user with a long name, {}", number // 10).alias("user"),
    pl.format("an item with a very long name, {}", number % 10).alias("item"),
    (number % 5 + 1).cast(pl.Float32).alias("target"),
)
before = peak()
storage.write_large_table(rows, schema, path)
storage.scan_table(path, schema)
print(peak() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak of memory as Linux tells it")
def test_a_table_is_never_held_whole(tmp_path: Path) -> None:
    few_threads = {**os.environ, "POLARS_MAX_THREADS": "2"}
    done = subprocess.run(
        [sys.executable, "-c", MEMORY],
        cwd=tmp_path,
        env=few_threads,
        check=True,
        capture_output=True,
        text=True,
    )
    assert int(done.stdout) < 380


def write_both_ways(folder: Path) -> None:
    """Write a table streamed and at once; its rows are of several groups."""
    folder.mkdir()
    schema = table({"x": pa.Column(pl.Int64)})
    rows = pl.LazyFrame({"x": range(300_000)}).filter(pl.col("x") % 3 != 1)
    write_large_table(rows, schema, folder / "streamed")
    write_table(rows.collect(), schema, folder / "at once")


def test_bytes_do_not_depend_on_streaming(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "ROWS_PER_BATCH", 100_000)  # it has many groups, not many batches
    write_both_ways(tmp_path / "here")
    assert len({path.read_bytes() for path in (tmp_path / "here").iterdir()}) == 1


@pytest.mark.slow
def test_bytes_do_not_depend_on_threads(tmp_path: Path) -> None:
    script = f"from pathlib import Path; from {__name__} import write_both_ways as write"
    for threads in ("1", "3"):
        subprocess.run(
            [sys.executable, "-c", f"{script}; write(Path({str(tmp_path / threads)!r}))"],
            env=os.environ | {"POLARS_MAX_THREADS": threads, "PYTHONPATH": str(ROOT)},
            check=True,
        )
    assert len({path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}) == 1
