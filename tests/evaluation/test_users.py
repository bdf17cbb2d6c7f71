"""Intervals, gaps between groups and paired differences, from users' metrics."""

import numpy as np
import polars as pl
import pytest
from scipy.stats import ttest_ind, ttest_rel

from pipeline_lib.evaluation.comparison import Pair
from pipeline_lib.evaluation.statistics import holm, interval, resampled_means
from pipeline_lib.evaluation.users import UserMeans
from pipeline_lib.seeds import derive_seed

GROUPS = ["major"] * 5 + ["minor"] * 3
# Two seeds of MeLU average to the whole numbers below; PAML and the mean have one seed.
MELU = [1.0, 2, 3, 4, 5, 6, 8, 13]
PAML = [2.0, 1, 3, 2, 5, 4, 3, 9]
MEAN = [2.0, 2, 4, 4, 5, 5, 8, 11]
NDCG = [0.5, None, 0.7, 0.8, None, 0.9, 0.2, 0.4]


def table(errors: list[float], ndcg: list[float | None] = NDCG) -> pl.DataFrame:
    ranks = {"ndcg_3": ndcg, "ndcg_5": ndcg}
    return pl.DataFrame({"user": range(8), "group": GROUPS, "mse": errors, **ranks})


def means(groups: list[str] = GROUPS, split: str = "5eed") -> UserMeans:
    seeds = [[x + 0.5 * (-1) ** n for n, x in enumerate(MELU)], [*MELU]]
    seeds[1] = [2 * x - first for x, first in zip(MELU, seeds[0], strict=True)]
    users = {
        "melu": [table(errors) for errors in seeds],
        "paml": [table(PAML, [x if x is None else x + 0.05 for x in NDCG])],
        "mean": [table(MEAN)],
    }
    group = pl.Series("group", groups)
    named = {name: [t.with_columns(group) for t in own] for name, own in users.items()}
    return UserMeans("rating", named, split)


@pytest.fixture(scope="module")
def over_users() -> UserMeans:
    return means()


def pair(over_users: UserMeans, metric: str, left: str, right: str) -> Pair:
    (found,) = [
        p for p in over_users.pairs() if (p.metric, p.left, p.right) == (metric, left, right)
    ]
    return found


def test_intervals_hold_the_mean_over_users_and_seeds(over_users: UserMeans) -> None:
    low, high = over_users.interval("melu", "mse") or (0, 0)
    assert low < np.mean(MELU) < high
    assert low > min(MELU)
    assert high < max(MELU)


def test_intervals_are_the_same_for_the_same_split(over_users: UserMeans) -> None:
    assert over_users.interval("melu", "mse") == means().interval("melu", "mse")
    other = means(split="0dd")
    assert over_users.interval("melu", "mse") != other.interval("melu", "mse")


def test_an_interval_of_a_group_is_of_its_users(over_users: UserMeans) -> None:
    low, high = over_users.interval("paml", "mse_major") or (0, 0)
    assert 1 <= low < np.mean(PAML[:5]) < high <= 5
    seed = derive_seed(0, "bootstrap", "major", "5eed")
    assert (low, high) == interval(resampled_means(np.array(PAML[:5])[:, None], seed)[:, 0])


def test_gap_by_hand(over_users: UserMeans) -> None:
    gap = over_users.gaps()["melu"]
    assert gap is not None
    assert gap.difference == pytest.approx(9 - 3)
    assert gap.p == pytest.approx(ttest_ind(MELU[:5], MELU[5:]).pvalue)
    assert gap.low is not None
    assert gap.high is not None
    assert gap.low < 6 < gap.high
    # Squared deviations 10 and 26 over 6 degrees of freedom.
    assert gap.effect == pytest.approx(6 / np.sqrt(6))


def test_gaps_are_adjusted_for_all_methods(over_users: UserMeans) -> None:
    gaps = [gap for gap in over_users.gaps().values() if gap]
    assert [gap.holm_p for gap in gaps] == holm([gap.p for gap in gaps])


def test_a_group_without_users_leaves_no_gap() -> None:
    alone = means(["major"] * 8)
    assert alone.gaps() == {"melu": None, "paml": None, "mean": None}
    assert alone.interval("melu", "mse_minor") is None


def test_one_user_gives_no_interval() -> None:
    lonely = means(["major"] * 7 + ["minor"])
    gap = lonely.gaps()["melu"]
    assert gap is not None
    assert (gap.low, gap.high, gap.p, gap.effect) == (None, None, None, None)
    assert lonely.interval("melu", "mse_minor") is None
    assert lonely.interval("melu", "mse_major") is not None


def test_pairs_by_hand(over_users: UserMeans) -> None:
    found = pair(over_users, "mse", "melu", "paml")
    differences = np.subtract(MELU, PAML)
    assert found.users == 8
    assert found.difference == pytest.approx(differences.mean())
    assert found.p == pytest.approx(ttest_rel(MELU, PAML).pvalue)
    assert found.effect == pytest.approx(differences.mean() / differences.std(ddof=1))
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.difference < found.high


def test_pairs_of_a_ranking_are_of_users_that_can_be_ranked(over_users: UserMeans) -> None:
    found = pair(over_users, "ndcg_3", "melu", "paml")
    assert found.users == 6
    assert found.difference == pytest.approx(-0.05)
    assert found.p is None  # the same for all: no spread


def test_equal_methods_have_no_difference_to_test(over_users: UserMeans) -> None:
    found = pair(over_users, "ndcg_3", "melu", "mean")
    assert (found.difference, found.p, found.holm_p) == (0, None, None)


def test_every_two_methods_are_compared_in_every_metric_over_all_users(
    over_users: UserMeans,
) -> None:
    named = [(p.metric, p.left, p.right) for p in over_users.pairs()]
    pairs = [("melu", "paml"), ("melu", "mean"), ("paml", "mean")]
    assert named == [(metric, *two) for metric in ("mse", "ndcg_3", "ndcg_5") for two in pairs]


def test_pairs_are_adjusted_within_their_metric(over_users: UserMeans) -> None:
    own = [p for p in over_users.pairs() if p.metric == "mse"]
    assert [p.holm_p for p in own] == holm([p.p for p in own])
