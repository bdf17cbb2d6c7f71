"""Predictions that are missing, extra, doubled or no numbers are errors, never dropped rows."""

import math
from pathlib import Path

import polars as pl
import pytest

from pipeline_lib.evaluation.evaluate import PredictionError, check_by_support, check_complete
from pipeline_lib.schemas.results import PREDICTIONS
from pipeline_lib.storage.tables import TableError, read_table
from tests.evaluation.test_evaluate import RATED


@pytest.mark.parametrize("score", [None, math.nan, math.inf, -math.inf])
def test_a_prediction_that_is_no_number_is_an_error(score: float | None, tmp_path: Path) -> None:
    wrong = pl.when(pl.col("item") == "3").then(pl.lit(score, pl.Float64)).otherwise("score")
    table = RATED.select(
        pl.col("user").cast(pl.String),
        *("item", "group", "target", wrong.alias("score")),
        pl.lit(None, pl.Float64).alias("inner_lr"),
    )
    table.write_parquet(tmp_path / "predictions.parquet")
    with pytest.raises(TableError, match=r"predictions.parquet: [12] values break(.|\n)*score"):
        read_table(tmp_path / "predictions.parquet", PREDICTIONS)


def test_a_row_predicted_twice_is_an_error() -> None:
    with pytest.raises(PredictionError, match="MeLU: 2 query rows are predicted twice"):
        check_complete(pl.concat([RATED, RATED.head(1)]), RATED, "MeLU")


LIMITED = pl.concat(
    [
        RATED.with_columns(support_rows=pl.lit(limit, pl.Int64), score=pl.col("score") + shift)
        for limit, shift in ((None, 0), (0, 1), (4, 2))
    ]
)


def test_limits_of_support_rows_have_the_rows_of_some_users() -> None:
    check_by_support(LIMITED, RATED, "MeLU")
    check_by_support(LIMITED.filter(pl.col("user") != 2), RATED, "MeLU")


@pytest.mark.parametrize(
    ("kept", "problem"),
    [
        (
            pl.col("support_rows").ne_missing(4) | (pl.col("item") != "1"),
            "support rows 4: 1 query rows",
        ),
        (pl.col("support_rows").eq_missing(4), "support rows all: 6 query rows"),
    ],
)
def test_a_limit_without_a_row_is_an_error(kept: pl.Expr, problem: str) -> None:
    with pytest.raises(PredictionError, match=f"MeLU, {problem} have no prediction"):
        check_by_support(LIMITED.filter(kept), RATED, "MeLU")


def test_scores_from_all_support_rows_are_those_predicted() -> None:
    with pytest.raises(PredictionError, match="other scores than predictions"):
        check_by_support(LIMITED.with_columns(pl.col("score") + 1), RATED, "MeLU")


def test_a_missing_prediction_is_an_error() -> None:
    with pytest.raises(PredictionError, match=r"MeLU: 2 query rows have no prediction.* user 1 "):
        check_complete(RATED.filter(pl.col("user") != 1), RATED, "MeLU")


@pytest.mark.parametrize("column", ["item", "target"])
def test_a_prediction_of_another_row_is_an_error(column: str) -> None:
    other = RATED.with_columns(pl.col(column).shift(1, fill_value=pl.col(column).last()))
    with pytest.raises(PredictionError, match="query rows have no prediction"):
        check_complete(other, RATED, "MeLU")


def test_a_row_predicted_that_is_not_due_is_an_error() -> None:
    with pytest.raises(PredictionError, match="1 query rows are predicted but not due"):
        check_complete(RATED, RATED.head(5), "MeLU")
