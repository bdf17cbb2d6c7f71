"""Predictions are those of the rows that are due: none missing, none extra, none twice."""

import polars as pl

ROW = ["user", "item"]


class PredictionError(Exception):
    """The predictions are not those of the test users' query rows."""


def check_complete(predictions: pl.DataFrame, due: pl.DataFrame, what: str) -> None:
    """Raise PredictionError unless the rows due, [user, item, target], are predicted once each."""
    left = due.with_columns(pl.col("target").cast(pl.Float32))
    right = predictions.with_columns(pl.col("target").cast(pl.Float32))
    key = [*ROW, "target"]
    twice = right.filter(pl.struct(ROW).is_duplicated())
    for found, problem in (
        (left.join(right, on=key, how="anti"), "have no prediction"),
        (right.join(left, on=key, how="anti"), "are predicted but not due"),
        (twice, "are predicted twice"),
    ):
        if not found.is_empty():
            user, item = found.select(ROW).row(0)
            raise PredictionError(
                f"{what}: {found.height:,} query rows {problem}, the first of user {user} and item "
                f"{item}; delete the method's predictions.parquet and run snakemake again"
            )


def check_by_support(by_support: pl.DataFrame, predictions: pl.DataFrame, what: str) -> None:
    """Raise PredictionError unless every limit of support rows has the rows of the same users.

    Where the limit is null, scores have to be those of the predictions.
    """
    due = predictions.join(by_support, on="user", how="semi")
    for (limit,), rows in by_support.group_by("support_rows"):
        check_complete(rows, due, f"{what}, support rows {'all' if limit is None else limit}")
    from_all = by_support.filter(pl.col("support_rows").is_null())
    check_complete(from_all, due, f"{what}, support rows all")
    if not from_all.join(due, on=[*ROW, "score"], how="anti").is_empty():
        raise PredictionError(f"{what}: by_support.parquet has other scores than predictions")
