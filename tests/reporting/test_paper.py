"""The paper's results, some typed a second time."""

import pytest
from pydantic import ValidationError

from pipeline_lib.metrics.registry import metrics_of
from pipeline_lib.reporting.paper import Bars, PaperMean, PaperResults, PaperRow

GAMMAS = ("reg-paml-1e-5", "reg-paml-1e-4", "reg-paml-1e-2")


@pytest.mark.parametrize(
    ("method", "metric", "mean", "sd"),
    [
        ("melu", "mse", 1.451, 0.022),
        ("meta-sgd", "ndcg_5", 0.794, 0.007),
        ("transfer", "ndcg_3", 0.778, 0.001),
        ("at-paml", "mse", 1.322, 0.007),
        ("reg-paml", "ndcg_3", 0.779, 0.002),
    ],
)
def test_table_2_movielens(
    paper: PaperResults, method: str, metric: str, mean: float, sd: float
) -> None:
    row = paper.table_2["movielens"].rows[method]
    assert row.means[metric] == PaperMean(mean=mean, sd=sd)
    assert row.table is None


@pytest.mark.parametrize(
    ("method", "mse", "sd", "ndcg_3", "ndcg_5"),
    [
        ("reg-paml-1e-5", 1.509, 0.029, 0.773, 0.799),
        ("reg-paml-1e-4", 1.227, 0.026, 0.779, 0.803),
        ("reg-paml", 1.210, 0.013, 0.791, 0.814),
        ("reg-paml-1e-2", 1.191, 0.021, 0.777, 0.803),
        ("paml", 1.520, 0.034, 0.787, 0.809),
    ],
)
def test_table_3(
    paper: PaperResults, method: str, mse: float, sd: float, ndcg_3: float, ndcg_5: float
) -> None:
    row = paper.table_3["movielens"].rows[method]
    assert row.means == {
        "mse": PaperMean(mean=mse, sd=sd),
        "ndcg_3": PaperMean(mean=ndcg_3),
        "ndcg_5": PaperMean(mean=ndcg_5),
    }
    assert row.table is None


def test_table_3_has_at_paml_as_table_2(paper: PaperResults) -> None:
    ablation, compared = (t["movielens"].rows["at-paml"] for t in (paper.table_3, paper.table_2))
    assert ablation.means == compared.means


@pytest.mark.parametrize(
    ("method", "metric", "mean", "sd"),
    [
        ("transfer", "mse", 4.522, 0.376),
        ("at-paml", "ndcg_5", 0.930, 0.002),
        ("reg-paml", "ndcg_3", 0.868, 0.001),
    ],
)
def test_table_2_bookcrossing(
    paper: PaperResults, method: str, metric: str, mean: float, sd: float
) -> None:
    assert paper.table_2["bookcrossing"].rows[method].means[metric] == PaperMean(mean=mean, sd=sd)


@pytest.mark.parametrize(
    ("number", "method", "major", "minor", "p"),
    [
        (4, "meta-sgd", 1.300, 1.403, 0.024),
        (4, "reg-paml", 1.194, 1.236, 0.312),
        (4, "at-paml", 1.284, 1.382, 0.018),
        (4, "melu", 1.413, 1.506, 0.071),
        (4, "transfer", 1.288, 1.340, 0.227),
        (5, "reg-paml-1e-5", 1.464, 1.601, 0.008),
        (5, "reg-paml-1e-4", 1.210, 1.255, 0.226),
        (5, "reg-paml", 1.196, 1.183, 0.738),
        (5, "reg-paml-1e-2", 1.194, 1.236, 0.312),
        (5, "paml", 1.471, 1.569, 0.038),
        (5, "at-paml", 1.284, 1.382, 0.018),
    ],
)
def test_groups(
    paper: PaperResults, number: int, method: str, major: float, minor: float, p: float
) -> None:
    row = paper.table(number)["movielens"].rows[method]
    assert row.means == {"mse_major": PaperMean(mean=major), "mse_minor": PaperMean(mean=minor)}
    assert (row.p, row.table) == (p, 4 if (number, method) == (5, "at-paml") else None)


@pytest.mark.parametrize(
    ("number", "methods"),
    [
        (2, {"melu", "meta-sgd", "transfer", "at-paml", "reg-paml"}),
        (3, {"paml", "at-paml", "reg-paml", *GAMMAS}),
        (4, {"melu", "meta-sgd", "transfer", "at-paml", "reg-paml"}),
        (5, {"paml", "at-paml", "reg-paml", *GAMMAS}),
    ],
)
def test_methods_of_a_table(paper: PaperResults, number: int, methods: set[str]) -> None:
    assert set(paper.table(number)["movielens"].rows) == methods


def test_both_variants_of_bookcrossing_stand_beside_the_papers(paper: PaperResults) -> None:
    for part in (paper.table_2, paper.table_6):
        assert part["bookcrossing-literal"] == part["bookcrossing"]


def test_clicks(paper: PaperResults) -> None:
    clicks = paper.clicks
    assert clicks.figure == 3
    assert clicks.auc == Bars(best=0.5882, second=0.5806, best_baseline=0.5796)
    assert clicks.nel == Bars(best=-0.5426, second=-0.5382, best_baseline=-0.5080)


def test_metrics_are_those_we_compute() -> None:
    for metric in (*metrics_of("rating"), *metrics_of("click")):
        assert PaperRow.model_validate({"means": {metric: {"mean": 1}}}).means[metric].mean == 1
    with pytest.raises(ValidationError, match="there is no metric 'mes'; there are: mse, ndcg_3"):
        PaperRow.model_validate({"means": {"mes": {"mean": 1}}})
