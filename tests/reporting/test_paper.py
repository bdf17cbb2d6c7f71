"""The paper's figures, some typed a second time."""

from typing import get_args

import pytest

from pipeline_lib.evaluation import METRICS
from pipeline_lib.reporting.paper import Bars, Figure, Metric, PaperFigures


@pytest.mark.parametrize(
    ("method", "metric", "mean", "sd"),
    [
        ("melu", "mse", 1.451, 0.022),
        ("meta-sgd", "ndcg_5", 0.794, 0.007),
        ("transfer", "ndcg_3", 0.778, 0.001),
        ("at-paml", "mse", 1.322, 0.007),
        ("reg-paml", "ndcg_3", 0.779, 0.002),
        ("paml", "mse", 1.520, 0.034),
        ("paml", "ndcg_5", 0.809, None),
    ],
)
def test_table_2_movielens(
    paper: PaperFigures, method: str, metric: Metric, mean: float, sd: float | None
) -> None:
    row = paper.table_2["movielens"].rows[method]
    assert row.figures[metric] == Figure(mean=mean, sd=sd)
    assert row.table == (3 if method == "paml" else None)


@pytest.mark.parametrize(
    ("method", "metric", "mean", "sd"),
    [
        ("transfer", "mse", 4.522, 0.376),
        ("at-paml", "ndcg_5", 0.930, 0.002),
        ("reg-paml", "ndcg_3", 0.868, 0.001),
    ],
)
def test_table_2_bookcrossing(
    paper: PaperFigures, method: str, metric: Metric, mean: float, sd: float
) -> None:
    assert paper.table_2["bookcrossing"].rows[method].figures[metric] == Figure(mean=mean, sd=sd)


@pytest.mark.parametrize(
    ("method", "major", "minor", "p"),
    [
        ("meta-sgd", 1.300, 1.403, 0.024),
        ("reg-paml", 1.194, 1.236, 0.312),
        ("at-paml", 1.284, 1.382, 0.018),
        ("paml", 1.471, 1.569, 0.038),
    ],
)
def test_table_4(paper: PaperFigures, method: str, major: float, minor: float, p: float) -> None:
    row = paper.table_4["movielens"].rows[method]
    assert row.figures == {"mse_major": Figure(mean=major), "mse_minor": Figure(mean=minor)}
    assert (row.p, row.table) == (p, 5 if method == "paml" else None)


def test_clicks(paper: PaperFigures) -> None:
    clicks = paper.clicks
    assert clicks.figure == 3
    assert clicks.auc == Bars(best=0.5882, second=0.5806, best_baseline=0.5796)
    assert clicks.nel == Bars(best=-0.5426, second=-0.5382, best_baseline=-0.5080)


def test_metrics_are_those_we_compute() -> None:
    assert get_args(Metric) == (*METRICS["rating"], *METRICS["click"])
