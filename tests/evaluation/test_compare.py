"""Comparison over seeds, between groups and with the best baseline."""

import pytest
from scipy.stats import ttest_ind

from pipeline_lib.evaluation.compare import compare
from pipeline_lib.evaluation.comparison import Comparison, RateGap, Spread
from pipeline_lib.metrics.registry import metrics_of
from pipeline_lib.settings.methods.base import MethodSettings, Role
from pipeline_lib.settings.task import ClickTask
from tests.evaluation.trials import (
    CLICK,
    METHODS,
    MOVIELENS,
    MSE,
    NDCG,
    comparison,
    every_trial,
    group_p,
    result,
    trial,
)


@pytest.fixture
def compared() -> Comparison:
    return comparison(every_trial())


def test_carries_the_split_and_its_users(compared: Comparison) -> None:
    assert (compared.dataset, compared.title, compared.sample) == (
        "movielens",
        "MovieLens-1M",
        False,
    )
    assert compared.split_sha256 == "5eed"
    assert (compared.test_users, compared.ranked_users) == (5, 4)
    assert compared.short_users == {"ndcg_3": 1, "ndcg_5": 3}
    assert compared.one_score == {"ndcg_3": 0.5}
    assert compared.users_by_group == {"major": 3, "minor": 2}
    assert [(m.name, m.label, m.kind, m.role) for m in compared.methods] == [
        (name, settings.label, settings.kind, settings.role) for name, settings in METHODS.items()
    ]


def test_mean_and_sample_deviation_over_seeds(compared: Comparison) -> None:
    paml = result(compared, "paml")
    assert paml.seeds == [0, 1, 2]
    assert paml.constant_users == 2
    assert paml.metrics["mse"].users == 5
    assert paml.metrics["mse"].values == [1.0, 1.1, 1.2]
    assert paml.metrics["mse"].mean == pytest.approx(1.1)
    assert paml.metrics["mse"].sd == pytest.approx(0.1)


def test_a_single_seed_has_no_deviation(compared: Comparison) -> None:
    statistic = result(compared, "global-mean").metrics["mse"]
    assert (statistic.mean, statistic.sd) == (1.0, None)


def test_best_baseline_by_metric(compared: Comparison) -> None:
    assert compared.baselines == {"mse": "transfer", "ndcg_3": "melu"}
    assert compared.references == {"mse": "global-mean", "ndcg_3": "global-mean"}


def test_larger_rankings_and_smaller_errors_are_better() -> None:
    named = [*metrics_of("rating").items(), *metrics_of("click").items()]
    better = [name for name, metric in named if metric.higher_is_better]
    assert better == [
        *("ndcg_3", "ndcg_5", "ndcg_3_linear", "ndcg_5_linear"),
        *("auc", "auc_user", "auc_major", "auc_minor"),
    ]


@pytest.mark.parametrize(
    ("name", "metric", "best"),
    [
        ("paml", "mse", MSE["transfer"]),
        ("melu", "mse", MSE["transfer"]),
        ("paml", "ndcg_3", NDCG["melu"]),
        ("transfer", "ndcg_3", NDCG["melu"]),
    ],
)
def test_baseline_p_is_the_t_test_of_the_seeds(
    compared: Comparison, name: str, metric: str, best: list[float]
) -> None:
    statistic = result(compared, name).metrics[metric]
    assert statistic.baseline_p == ttest_ind(statistic.values, best).pvalue


@pytest.mark.parametrize(
    ("name", "metric"),
    [("transfer", "mse"), ("melu", "ndcg_3"), ("global-mean", "mse"), ("global-mean", "ndcg_3")],
)
def test_best_baselines_and_references_are_not_tested(
    compared: Comparison, name: str, metric: str
) -> None:
    assert result(compared, name).metrics[metric].baseline_p is None


@pytest.mark.parametrize("role", ["reference", "rival"])
def test_who_is_not_of_the_paper_is_not_tested_over_seeds(role: Role) -> None:
    own = MethodSettings(kind="anil", label="ANIL", role=role)
    seeds = {"melu": MSE["melu"], "paml": MSE["paml"], "anil": [1.31, 1.32, 1.36]}
    trials = [
        trial(m, s, {"mse": mse}) for m, values in seeds.items() for s, mse in enumerate(values)
    ]
    methods = {name: METHODS.get(name, own) for name in seeds}
    statistic = result(compare(MOVIELENS, methods, trials, {}), "anil").metrics["mse"]
    assert (statistic.baseline_p, statistic.paml_p) == (None, None)
    assert statistic.sd is not None


def test_paml_p_is_the_t_test_of_the_seeds_against_paml(compared: Comparison) -> None:
    for name in ("melu", "transfer"):
        for metric, values in (("mse", MSE), ("ndcg_3", NDCG)):
            statistic = result(compared, name).metrics[metric]
            assert statistic.paml_p == ttest_ind(values[name], values["paml"]).pvalue
    for name in ("paml", "global-mean"):
        assert result(compared, name).metrics["mse"].paml_p is None


def test_without_paml_nothing_is_tested_against_it() -> None:
    two = [trial(m, s, {"mse": MSE[m][s]}) for m in ("melu", "transfer") for s in range(3)]
    assert result(comparison(two), "melu").metrics["mse"].paml_p is None


def test_one_seed_gives_no_baseline_p() -> None:
    compared = comparison([trial("melu", 0, {"mse": 1.5}), trial("paml", 0, {"mse": 1.1})])
    assert result(compared, "paml").metrics["mse"].baseline_p is None


def test_constant_values_give_no_p() -> None:
    compared = comparison(
        [
            trial(method, seed, {"mse": mse}, errors=[mse] * 5)
            for method, mse in (("melu", 1.5), ("paml", 1.25))
            for seed in range(3)
        ]
    )
    paml = result(compared, "paml")
    assert (paml.metrics["mse"].baseline_p, paml.gap and paml.gap.p) == (None, None)


def test_group_p_averages_each_user_over_seeds_first() -> None:
    compared = comparison(
        [
            trial("melu", 0, {"mse": 1.0}, errors=[1, 2, 3, 4, 9]),
            trial("melu", 1, {"mse": 1.0}, errors=[3, 2, 5, 6, 7]),
        ]
    )
    assert group_p(compared) == pytest.approx(ttest_ind([2, 2, 4], [5, 8]).pvalue)


def test_a_metric_missing_from_a_seed_is_left_out() -> None:
    compared = comparison(
        [trial("melu", 0, {"mse": 1.0, "ndcg_3": 0.8}), trial("melu", 1, {"mse": 1.0})]
    )
    assert list(result(compared, "melu").metrics) == ["mse"]
    assert compared.baselines == {"mse": "melu"}


def test_refuses_different_splits() -> None:
    trials = [trial("melu", 0, {"mse": 1.0}), trial("paml", 0, {"mse": 1.0}, split="0dd")]
    with pytest.raises(ValueError, match="movielens: results of 2 different splits"):
        comparison(trials)


def test_refuses_different_tasks() -> None:
    lighter = ClickTask(clicked_weight=0.5)
    trials = [trial("melu", 0, {"nel": 1.0}, task=task) for task in (CLICK, lighter)]
    with pytest.raises(ValueError, match="movielens: results of 2 different tasks"):
        comparison(trials)


def test_refuses_different_choices_of_metrics() -> None:
    trials = [trial(m, 0, {"mse": 1.0}, chosen=own) for m, own in (("melu", ["mae"]), ("paml", []))]
    with pytest.raises(ValueError, match="movielens: results of 2 different choices of metrics"):
        comparison(trials)


def test_chosen_metrics_are_compared_as_all_are() -> None:
    own = {"melu": (3.0, (1, 2, 3, 4, 5)), "paml": (2.0, (0, 1, 3, 3, 3))}
    compared = comparison(
        [
            trial(method, 0, {"mse": mean, "mae": mean}, errors, chosen=["mae"])
            for method, (mean, errors) in own.items()
        ]
    )
    assert compared.chosen_metrics == ["mae"]
    assert compared.baselines == {"mse": "melu", "mae": "melu"}
    statistic = result(compared, "paml").metrics["mae"]
    assert (statistic.mean, statistic.users) == (2, 5)
    assert statistic.low is not None
    assert statistic.low < 2 < (statistic.high or 0)
    pairs = {p.metric: p.model_dump(exclude={"metric"}) for p in compared.pairs}
    assert pairs["mae"] == pairs["mse"]
    assert pairs["mae"]["difference"] == 1


def test_a_pair_read_from_its_other_side_is_turned_round() -> None:
    errors = {"melu": [1, 2, 3, 4, 9], "paml": [2, 2, 2, 5, 5]}
    compared = comparison([trial(m, 0, {"mse": 1.0}, errors=e) for m, e in errors.items()])
    found, turned = compared.pair("mse", "melu", "paml"), compared.pair("mse", "paml", "melu")
    assert found is not None
    assert turned is not None
    assert (found.difference, turned.difference) == pytest.approx((0.6, -0.6))
    assert (turned.left, turned.right) == ("paml", "melu")
    assert (turned.low, turned.high) == (-(found.high or 0), -(found.low or 0))
    assert turned.effect == -(found.effect or 0)
    assert (turned.p, turned.holm_p) == (found.p, found.holm_p)
    assert compared.pair("mse", "melu", "melu") is None


def test_quartiles_and_outliers_of_users_averaged_over_seeds() -> None:
    """Means 2, 2, 4, 5 and 40: quartiles 2 and 5, so that beyond 9.5 a user is an outlier."""
    compared = comparison(
        [
            trial("melu", 0, {"mse": 1.0}, errors=[1, 2, 3, 4, 40]),
            trial("melu", 1, {"mse": 1.0}, errors=[3, 2, 5, 6, 40]),
        ]
    )
    assert result(compared, "melu").spread == Spread(low=2, median=4, high=5, outliers=1)


def test_rates_of_groups_are_apart_by_pooled_deviations(compared: Comparison) -> None:
    """Two users beside three: the pooled variance is (2 · 1 + 1 · 4) / 3 = 2."""
    assert result(compared, "paml").rate_gaps == [RateGap(major=2, minor=5, effect=3 / 2**0.5)] * 3
    assert result(compared, "melu").rate_gaps == []


class TestClicks:
    NEL, AUC = MSE, NDCG

    @pytest.fixture
    def clicks(self) -> Comparison:
        return comparison(
            [
                trial(method, seed, {"nel": nel, "auc": auc, "mse": 0.0}, task=CLICK)
                for method in METHODS
                for seed, (nel, auc) in enumerate(
                    zip(self.NEL[method], self.AUC[method], strict=True)
                )
            ]
        )

    def test_compares_the_metrics_of_clicks(self, clicks: Comparison) -> None:
        assert (clicks.task, clicks.ranked_users) == (CLICK, None)
        assert all(list(m.metrics) == ["nel", "auc"] for m in clicks.methods)
        assert clicks.baselines == {"nel": "transfer", "auc": "melu"}
        assert Comparison.model_validate_json(clicks.model_dump_json()) == clicks

    def test_tests_against_the_best_baseline_of_each_metric(self, clicks: Comparison) -> None:
        nel, auc = (result(clicks, "paml").metrics[m] for m in ("nel", "auc"))
        assert nel.baseline_p == ttest_ind(nel.values, self.NEL["transfer"]).pvalue
        assert auc.baseline_p == ttest_ind(auc.values, self.AUC["melu"]).pvalue

    def test_group_p_is_that_of_users_nel(self) -> None:
        trials = [
            trial("melu", seed, {"nel": 1.0}, errors=errors, task=CLICK)
            for seed, errors in enumerate(([1, 2, 3, 4, 9], [3, 2, 5, 6, 7]))
        ]
        p = group_p(comparison(trials))
        assert p == pytest.approx(ttest_ind([2, 2, 4], [5, 8]).pvalue)
