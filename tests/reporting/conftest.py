"""A small comparison with planted ties, gaps and significances."""

from pathlib import Path

import pytest

from pipeline_lib.comparison import Comparison, MethodResult, Statistic
from pipeline_lib.reporting.paper import PaperFigures, load_paper_figures


def single(mean: float) -> Statistic:
    return Statistic(values=[mean], mean=mean, sd=None)


def spread(mean: float, p: float | None = None) -> Statistic:
    return Statistic(values=[mean - 0.25, mean, mean + 0.25], mean=mean, sd=0.25, baseline_p=p)


def method(
    name: str, label: str, role: str, group_p: float | None, **metrics: Statistic
) -> MethodResult:
    seeds = list(range(len(metrics["mse"].values)))
    return MethodResult(
        name=name, label=label, role=role, seeds=seeds, metrics=metrics, group_p=group_p
    )


def item_mean() -> MethodResult:
    return method(
        *("item-mean", "Item mean", "reference", 0.4),
        mse=single(1.0),
        ndcg_3=single(0.7),
        ndcg_5=single(0.75),
        mse_major=single(1.0),
        mse_minor=single(1.5),
    )


def melu() -> MethodResult:
    return method(
        *("melu", "MeLU", "baseline", 0.0004),
        mse=spread(1.5, p=0.01),
        ndcg_3=spread(0.79),
        ndcg_5=spread(0.80004),
        mse_major=spread(1.5),
    )


def transfer() -> MethodResult:
    return method(
        *("transfer", "Transfer learning", "baseline", None),
        mse=spread(1.25),
        ndcg_3=spread(0.5),
        ndcg_5=spread(0.80001),
        mse_major=spread(1.25),
    )


def paml() -> MethodResult:
    return method(
        *("paml", "PAML", "proposed", 0.049),
        mse=spread(1.125, p=0.049),
        ndcg_3=spread(0.875, p=0.3),
        ndcg_5=spread(0.79996, p=0.05),
        mse_major=spread(1.0, p=0.02),
        mse_minor=spread(1.25, p=0.2),
    )


def reg_paml() -> MethodResult:
    return method(
        *("reg-paml", "REG-PAML", "proposed", 0.05),
        mse=spread(1.125, p=0.06),
        ndcg_3=spread(0.875, p=0.001),
    )


@pytest.fixture
def compared() -> Comparison:
    return Comparison(
        dataset="movielens",
        title="MovieLens-1M",
        sample=False,
        split_sha256="0123456789abcdef",
        test_users=1234,
        ranked_users=1200,
        users_by_group={"major": 734, "minor": 500},
        baselines={"mse": "transfer", "ndcg_3": "melu", "ndcg_5": "melu", "mse_major": "transfer"},
        methods=[item_mean(), melu(), transfer(), paml(), reg_paml()],
    )


@pytest.fixture
def oddly_named(compared: Comparison) -> Comparison:
    label = "[a]* & b_{c} % \\ é \N{GREEK SMALL LETTER GAMMA} ~^ <d|> #$ < 1"
    first, *others = compared.methods
    methods = [first.model_copy(update={"label": label}), *others]
    return compared.model_copy(update={"methods": methods})


@pytest.fixture(scope="session")
def paper() -> PaperFigures:
    return load_paper_figures(Path(__file__).parents[2] / "workflow/resources/paper_figures.yaml")
