"""A small comparison with planted ties, gaps and significances."""

from pathlib import Path

import pytest

from pipeline_lib.comparison import Comparison, MethodResult, Statistic
from pipeline_lib.reporting.paper import PaperFigures, load_paper_figures
from pipeline_lib.settings.task import ClickTask, RatingTask


def single(mean: float) -> Statistic:
    return Statistic(values=[mean], mean=mean, sd=None)


def spread(mean: float, p: float | None = None) -> Statistic:
    return Statistic(values=[mean - 0.25, mean, mean + 0.25], mean=mean, sd=0.25, baseline_p=p)


def method(
    name: str, label: str, role: str, group_p: float | None, **metrics: Statistic
) -> MethodResult:
    seeds = list(range(len(next(iter(metrics.values())).values)))
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
        task=RatingTask(scale=(1, 5)),
        split_sha256="0123456789abcdef",
        test_users=1234,
        ranked_users=1200,
        users_by_group={"major": 734, "minor": 500},
        baselines={"mse": "transfer", "ndcg_3": "melu", "ndcg_5": "melu", "mse_major": "transfer"},
        methods=[item_mean(), melu(), transfer(), paml(), reg_paml()],
    )


@pytest.fixture
def clicks() -> Comparison:
    return Comparison(
        dataset="taobao",
        title="Ad clicks",
        sample=False,
        task=ClickTask(),
        split_sha256="0123456789abcdef",
        test_users=1234,
        ranked_users=None,
        users_by_group={"major": 734, "minor": 500},
        baselines={"nel": "melu", "auc": "melu", "nel_major": "melu", "nel_minor": "melu"},
        methods=[
            method(
                *("global-mean", "Global mean", "reference", 0.4),
                nel=single(0.5),
                auc=single(0.5),
                nel_major=single(0.5),
                nel_minor=single(0.25),
                auc_major=single(0.5),
            ),
            method(
                *("melu", "MeLU", "baseline", 0.0004),
                nel=spread(0.25),
                auc=spread(0.58755),
                nel_major=spread(0.375),
                nel_minor=spread(0.5),
                auc_major=spread(0.625),
            ),
            method(
                *("paml", "PAML", "proposed", 0.3),
                nel=spread(0.24996, p=0.3),
                auc=spread(0.58761, p=0.01),
                nel_major=spread(0.25, p=0.01),
                nel_minor=spread(0.75, p=0.2),
                auc_major=spread(0.75, p=0.04),
            ),
        ],
    )


@pytest.fixture(params=["compared", "clicks"])
def either(request: pytest.FixtureRequest) -> Comparison:
    """A comparison on ratings, then one on clicks."""
    comparison: Comparison = request.getfixturevalue(request.param)
    return comparison


@pytest.fixture
def oddly_named(either: Comparison) -> Comparison:
    label = "[a]* & b_{c} % \\ é \N{GREEK SMALL LETTER GAMMA} ~^ <d|> #$ < 1"
    first, *others = either.methods
    methods = [first.model_copy(update={"label": label}), *others]
    return either.model_copy(update={"methods": methods})


@pytest.fixture(scope="session")
def paper() -> PaperFigures:
    return load_paper_figures(Path(__file__).parents[2] / "workflow/resources/paper_figures.yaml")
