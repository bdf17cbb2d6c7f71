"""A small comparison with planted ties, gaps and significances."""

from pathlib import Path

import pytest

from pipeline_lib.evaluation.comparison import (
    Comparison,
    Gap,
    MethodResult,
    Pair,
    RateGap,
    Spread,
    Statistic,
)
from pipeline_lib.reporting.paper import PaperResults, load_paper_results
from pipeline_lib.settings.methods.base import Role
from pipeline_lib.settings.task import ClickTask, RatingTask

FOR_SOME = {"ndcg_3", "ndcg_5", "ndcg_3_linear", "auc_user"}  # metrics that 34 of the users lack


def single(mean: float) -> Statistic:
    return Statistic(values=[mean], mean=mean, sd=None, users=1234)


def spread(mean: float, p: float | None = None, paml_p: float | None = None) -> Statistic:
    return Statistic(
        values=[mean - 0.25, mean, mean + 0.25],
        mean=mean,
        sd=0.25,
        users=1234,
        low=mean - 0.125,
        high=mean + 0.0625,
        baseline_p=p,
        paml_p=paml_p,
    )


def method(
    name: str, label: str, role: Role, group_p: float | None, **metrics: Statistic
) -> MethodResult:
    for some in FOR_SOME & metrics.keys():
        metrics[some] = metrics[some].model_copy(update={"users": 1200})
    gap = Gap(
        difference=0.125,
        low=-0.25,
        high=0.5,
        effect=0.031,
        p=group_p,
        holm_p=None if group_p is None else 2 * group_p,
    )
    return MethodResult(
        name=name,
        label=label,
        kind=name,
        role=role,
        seeds=list(range(len(next(iter(metrics.values())).values))),
        constant_users=1100 if role == "reference" else 0,
        metrics=metrics,
        gap=gap,
        spread=Spread(low=0.5, median=1.0, high=2.0, outliers=12),
        rate_gaps=[],
    )


def with_rates(method: MethodResult, *effects: float | None) -> MethodResult:
    """Let the groups' rates be apart by so many deviations, with each seed."""
    gaps = [RateGap(major=1e-4, minor=2e-4, effect=effect) for effect in effects]
    return method.model_copy(update={"rate_gaps": gaps})


def with_spread(method: MethodResult, high: float, outliers: int) -> MethodResult:
    """Let users have another upper quartile and number of outliers."""
    changes = {"high": high, "outliers": outliers}
    return method.model_copy(update={"spread": method.spread.model_copy(update=changes)})


def pair(left: str, right: str, difference: float, p: float | None, metric: str = "mse") -> Pair:
    return Pair(
        metric=metric,
        left=left,
        right=right,
        users=1200 if metric in FOR_SOME else 1234,
        difference=difference,
        low=difference - 0.125,
        high=difference + 0.25,
        effect=None if p is None else difference / 2,
        p=p,
        holm_p=None if p is None else 2 * p,
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
        ndcg_3_linear=spread(0.825),
    )


def transfer() -> MethodResult:
    return method(
        *("transfer", "Transfer learning", "baseline", None),
        mse=spread(1.25),
        ndcg_3=spread(0.5),
        ndcg_5=spread(0.80001),
        mse_major=spread(1.25),
    )


def at_paml() -> MethodResult:
    return method(
        *("at-paml", "AT-PAML", "proposed", 0.049),
        mse=spread(1.125, p=0.049, paml_p=0.01),
        ndcg_3=spread(0.875, p=0.3, paml_p=0.02),
        ndcg_5=spread(0.79996, p=0.04),
        mse_major=spread(1.0, p=0.02),
        mse_minor=spread(1.25, p=0.2),
    )


def reg_paml() -> MethodResult:
    return method(
        *("reg-paml", "REG-PAML", "proposed", 0.05),
        mse=spread(1.125, p=0.06),
        ndcg_3=spread(0.875, p=0.001, paml_p=0.05),
    )


def paml() -> MethodResult:
    return method(
        *("paml", "PAML", "ablation", 0.001),
        mse=spread(1.0, p=0.01),
        ndcg_3=spread(0.75),
        ndcg_5=spread(0.875),
        mse_major=spread(1.125),
        mse_minor=spread(1.5),
    )


@pytest.fixture(scope="session")
def compared() -> Comparison:
    return Comparison(
        of_paper=True,
        by_activity=False,
        dataset="movielens",
        title="MovieLens-1M",
        sample=False,
        task=RatingTask(scale=(1, 5)),
        split_sha256="0123456789abcdef",
        test_users=1234,
        ranked_users=1200,
        short_users={"ndcg_3": 12, "ndcg_5": 345},
        users_by_group={"major": 734, "minor": 500},
        baselines={"mse": "transfer", "ndcg_3": "melu", "ndcg_5": "melu", "mse_major": "transfer"},
        references={"mse": "item-mean", "ndcg_5": "item-mean"},
        one_score={"mse": 1.25, "ndcg_3": 0.6, "ndcg_3_linear": 0.8, "ndcg_5_linear": 0.82},
        methods=[item_mean(), melu(), transfer(), at_paml(), reg_paml(), paml()],
        pairs=[
            pair("item-mean", "transfer", -0.25, 0.03),
            pair("transfer", "at-paml", 0.125, 0.0004),
            pair("item-mean", "at-paml", -0.125, 0.2),
            pair("melu", "transfer", 0.25, None),
            pair("melu", "at-paml", 0.001, 0.5, metric="ndcg_5"),
        ],
    )


@pytest.fixture(scope="session")
def clicks() -> Comparison:
    return Comparison(
        of_paper=True,
        by_activity=False,
        dataset="taobao",
        title="Ad clicks",
        sample=False,
        task=ClickTask(),
        split_sha256="0123456789abcdef",
        test_users=1234,
        ranked_users=None,
        short_users={},
        users_by_group={"major": 734, "minor": 500},
        baselines={
            "nel": "melu",
            "auc": "melu",
            "auc_user": "melu",
            "nel_major": "melu",
            "nel_minor": "melu",
        },
        references={"nel": "global-mean", "auc": "global-mean"},
        one_score={"nel": 0.125, "auc": 0.5, "minus_p_true": -0.75},
        pairs=[
            pair("global-mean", "melu", 0.25, 0.01, metric="nel"),
            pair("melu", "at-paml", -0.0625, 0.2, metric="auc"),
        ],
        methods=[
            method(
                *("global-mean", "Global mean", "reference", 0.4),
                nel=single(0.5),
                auc=single(0.5),
                auc_user=single(0.5),
                nel_major=single(0.5),
                nel_minor=single(0.25),
                auc_major=single(0.5),
            ),
            method(
                *("melu", "MeLU", "baseline", 0.0004),
                nel=spread(0.25),
                minus_p_true=spread(-0.625),
                auc=spread(0.58755),
                auc_user=spread(0.5625),
                nel_major=spread(0.375),
                nel_minor=spread(0.5),
                auc_major=spread(0.625),
            ),
            method(
                *("at-paml", "AT-PAML", "proposed", 0.3),
                nel=spread(0.24996, p=0.3),
                auc=spread(0.58761, p=0.01),
                auc_user=spread(0.625, p=0.03),
                nel_major=spread(0.25, p=0.01),
                nel_minor=spread(0.75, p=0.2),
                auc_major=spread(0.75, p=0.04),
            ),
        ],
    )


def only(comparison: Comparison, *roles: Role) -> Comparison:
    """Leave out the methods in other roles, and what was said of them."""
    methods = [m for m in comparison.methods if m.role in roles]
    names = {m.name for m in methods}
    left = {
        "methods": methods,
        "baselines": {m: name for m, name in comparison.baselines.items() if name in names},
        "references": {m: name for m, name in comparison.references.items() if name in names},
        "pairs": [p for p in comparison.pairs if {p.left, p.right} <= names],
    }
    return comparison.model_copy(update=left)


@pytest.fixture(scope="session", params=["compared", "clicks"])
def either(request: pytest.FixtureRequest) -> Comparison:
    """A comparison on ratings, then one on clicks."""
    comparison: Comparison = request.getfixturevalue(request.param)
    return comparison


@pytest.fixture(scope="session")
def oddly_named(either: Comparison) -> Comparison:
    label = "[a]* & b_{c} % \\ é \N{GREEK SMALL LETTER GAMMA} ~^ <d|> #$ < 1"
    first, *others = either.methods
    methods = [first.model_copy(update={"label": label}), *others]
    return either.model_copy(update={"methods": methods})


@pytest.fixture(scope="session")
def paper() -> PaperResults:
    return load_paper_results(Path(__file__).parents[2] / "workflow/resources/paper_results.yaml")
