"""The paper's results, some typed a second time."""

import pytest
from pydantic import ValidationError

from pipeline_lib.metrics.registry import metrics_of
from pipeline_lib.reporting.paper import Bars, PaperMean, PaperResults, PaperRow

GAMMAS = ("reg-paml-1e-5", "reg-paml-1e-4", "reg-paml-1e-2")
FAILED = "at-paml-outer-5e-4"
SHOWN = ("mse", "ndcg_3", "ndcg_5")
Mean = tuple[float, float | None]


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
    assert row.figure is None


@pytest.mark.parametrize(
    ("method", "mse", "ndcg_3", "ndcg_5"),
    [
        ("reg-paml-1e-5", (1.509, 0.029), (0.773, 0.004), (0.799, 0.003)),
        ("reg-paml-1e-4", (1.227, 0.026), (0.779, 0.003), (0.803, 0.002)),
        ("reg-paml", (1.210, 0.013), (0.791, 0.002), (0.814, 0.004)),
        ("reg-paml-1e-2", (1.191, 0.021), (0.777, 0.002), (0.803, 0.004)),
        ("paml", (1.520, 0.034), (0.787, 0.001), (0.809, 0.004)),
        ("at-paml-outer-5e-4", (2.127, None), (0.782, None), (0.792, None)),
    ],
)
def test_table_3_and_the_failure_case(
    paper: PaperResults, method: str, mse: Mean, ndcg_3: Mean, ndcg_5: Mean
) -> None:
    row, expected = (
        paper.table_3["movielens"].rows[method],
        zip(SHOWN, (mse, ndcg_3, ndcg_5), strict=True),
    )
    assert row.means == {metric: PaperMean(mean=mean, sd=sd) for metric, (mean, sd) in expected}
    assert row.figure == (8 if method == FAILED else None)


def test_stars(paper: PaperResults) -> None:
    tables = {"2 movielens": paper.table_2["movielens"], "3 movielens": paper.table_3["movielens"]}
    tables["2 bookcrossing"] = paper.table_2["bookcrossing"]
    found = {
        where: {name: row.starred for name, row in table.rows.items() if row.starred}
        for where, table in tables.items()
    }
    best = {"at-paml": ("ndcg_5",), "reg-paml": ("mse",)}
    ablation = {"reg-paml": ("ndcg_3", "ndcg_5"), "reg-paml-1e-2": ("mse",)}
    assert found == {"2 movielens": best, "2 bookcrossing": best, "3 movielens": ablation}


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
        (4, "meta-sgd", (1.300, 0.059), (1.403, 0.045), 0.024),
        (4, "reg-paml", (1.194, 0.019), (1.236, 0.011), 0.312),
        (4, "at-paml", (1.284, 0.005), (1.382, 0.011), 0.018),
        (4, "melu", (1.413, 0.025), (1.506, 0.021), 0.071),
        (4, "transfer", (1.288, 0.016), (1.340, 0.013), 0.227),
        (5, "reg-paml-1e-5", (1.464, 0.032), (1.601, 0.021), 0.008),
        (5, "reg-paml-1e-4", (1.210, 0.026), (1.255, 0.024), 0.226),
        (5, "reg-paml", (1.196, 0.019), (1.183, 0.024), 0.738),
        (5, "reg-paml-1e-2", (1.194, 0.014), (1.236, 0.011), 0.312),
        (5, "paml", (1.471, 0.036), (1.569, 0.031), 0.038),
        (5, "at-paml", (1.284, 0.005), (1.382, 0.011), 0.018),
        (5, FAILED, (1.477, None), (3.148, None), None),
    ],
)
def test_groups(
    paper: PaperResults, number: int, method: str, major: Mean, minor: Mean, p: float | None
) -> None:
    row = paper.table(number)["movielens"].rows[method]
    assert row.means == {
        "mse_major": PaperMean(mean=major[0], sd=major[1]),
        "mse_minor": PaperMean(mean=minor[0], sd=minor[1]),
    }
    assert (row.p, row.figure) == (p, 8 if method == FAILED else None)


@pytest.mark.parametrize(
    ("number", "methods"),
    [
        (2, {"melu", "meta-sgd", "transfer", "at-paml", "reg-paml"}),
        (3, {"paml", "at-paml", FAILED, "reg-paml", *GAMMAS}),
        (4, {"melu", "meta-sgd", "transfer", "at-paml", "reg-paml"}),
        (5, {"paml", "at-paml", FAILED, "reg-paml", *GAMMAS}),
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


def test_costs(paper: PaperResults) -> None:
    costs = paper.costs
    assert (costs.dataset, costs.hardware) == ("movielens", "GTX 1080 Ti")
    hours = {name: cost.seconds / 3600 for name, cost in costs.methods.items()}
    assert hours == {"paml": 2, "reg-paml": 2, "at-paml": 4}
    assert costs.methods["at-paml"].bytes == 2_120_000_000


def test_metrics_are_those_we_compute() -> None:
    for metric in (*metrics_of("rating"), *metrics_of("click")):
        assert PaperRow.model_validate({"means": {metric: {"mean": 1}}}).means[metric].mean == 1
    with pytest.raises(ValidationError, match="there is no metric 'mes'; there are: mse, ndcg_3"):
        PaperRow.model_validate({"means": {"mes": {"mean": 1}}})
