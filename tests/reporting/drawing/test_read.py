"""Results as read from the files of trials."""

from pathlib import Path

import polars as pl
import pytest

from pipeline_lib.metrics.registry import columns_of
from pipeline_lib.reporting.drawing.read import Paths, read_results
from pipeline_lib.storage.tables import TableError
from tests.reporting.drawing.worlds import invented, some

METHODS = some(["melu", "paml", "two-bias"])
RANKINGS = [column for column, metric in columns_of("rating").items() if metric.k]
NAMES = ("users", "predictions", "history", "support")


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Paths]:
    """Two seeds of three methods; user u0 has two rows and u1 one."""
    results = invented(METHODS, users=2, seeds=2)
    found: dict[str, dict[tuple[str, int], Path]] = {name: {} for name in NAMES}
    for method in METHODS:
        for seed in (0, 1):
            folder = tmp_path / f"{method}-{seed}"
            folder.mkdir()
            tables = {
                "users": results.users.with_columns(**dict.fromkeys(RANKINGS, 0.5)),
                "history": results.history,
                "support": results.support,
            }
            for name, table in tables.items():
                own = table.filter(method=method, seed=seed).drop("method", "seed")
                own.write_parquet(folder / f"{name}.parquet")
            rate = {"melu": 1e-5, "paml": 1e-3 * (seed + 1), "two-bias": None}[method]
            pl.DataFrame(
                {
                    "user": ["u0", "u0", "u1"],
                    "item": ["a", "b", "a"],
                    "group": ["major", "major", "minor"],
                    "target": 1.0,
                    "score": 2.0,
                    "inner_lr": pl.Series([rate] * 3, dtype=pl.Float64),
                }
            ).write_parquet(folder / "predictions.parquet")
            for name in NAMES:
                found[name][method, seed] = folder / f"{name}.parquet"
    results.projection.write_parquet(tmp_path / "embeddings.parquet")
    return dict(found)


def test_reads_what_was_written(files: dict[str, Paths], tmp_path: Path) -> None:
    due = invented(METHODS, users=2, seeds=2)
    read = read_results(due.comparison, files, tmp_path / "embeddings.parquet")
    assert read.users.drop(RANKINGS).equals(due.users)
    assert read.history.equals(due.history)
    assert read.support.equals(due.support)
    assert read.projection.equals(due.projection)


def test_rates_are_of_users_and_of_methods_that_choose_them(
    files: dict[str, Paths],
) -> None:
    comparison = invented(METHODS, users=2, seeds=2).comparison
    read = read_results(comparison, files, None)
    assert read.rates.rows() == [
        ("paml", 0, "u0", "major", 1e-3),
        ("paml", 0, "u1", "minor", 1e-3),
        ("paml", 1, "u0", "major", 2e-3),
        ("paml", 1, "u1", "minor", 2e-3),
    ]
    assert read.projection.columns == ["method", "user", "group", "x", "y"]


def test_a_damaged_table_is_named(files: dict[str, Paths]) -> None:
    files["support"]["melu", 1].write_bytes(b"")
    with pytest.raises(TableError, match=r"support\.parquet is damaged"):
        read_results(invented(METHODS, users=2, seeds=2).comparison, files, None)
