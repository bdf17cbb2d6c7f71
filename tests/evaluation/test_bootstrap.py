"""Bootstrap intervals: seeded, in chunks, and as wide as theory says."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import norm

from pipeline_lib.evaluation import statistics as bootstrap
from pipeline_lib.evaluation.statistics import RESAMPLES, interval, resampled_means


def draw(users: int, columns: int) -> NDArray[np.float64]:
    return np.random.default_rng(7).normal(3, 2, size=(users, columns))


def test_every_resample_has_as_many_users_as_there_are() -> None:
    """Of user u's values 10^u, a sum tells how often each was drawn."""
    values = np.array([[10.0**user] for user in range(5)])
    for total in 5 * resampled_means(values, 0)[:, 0]:
        assert sum(map(int, str(round(total)))) == 5


def test_same_seed_same_bytes_and_another_seed_others() -> None:
    values = draw(40, 2)
    first, again, other = (resampled_means(values, seed) for seed in (1, 1, 2))
    assert first.tobytes() == again.tobytes()
    assert not np.array_equal(first, other)


def test_columns_share_their_draws() -> None:
    """The difference of two columns has the interval of their differences."""
    values = draw(50, 2)
    both = resampled_means(values, 3)
    apart = resampled_means(values[:, :1] - values[:, 1:], 3)
    assert both[:, 0] - both[:, 1] == pytest.approx(apart[:, 0])


def test_chunks_draw_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    values = draw(30, 1)
    whole = resampled_means(values, 5)
    monkeypatch.setattr(bootstrap, "CELLS", 30 * 7)
    assert resampled_means(values, 5) == pytest.approx(whole)


def test_users_without_a_value_are_not_averaged() -> None:
    values = draw(60, 1)
    values[::3] = np.nan
    means = resampled_means(values, 0)
    assert means.shape == (RESAMPLES, 1)
    assert means.mean() == pytest.approx(np.nanmean(values), abs=0.02)


def test_interval_is_near_that_of_the_normal_distribution() -> None:
    values = draw(400, 1)
    low, high = interval(resampled_means(values, 0)[:, 0]) or (0, 0)
    half = norm.ppf(0.975) * values.std() / 20
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.03)


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    """Of 200 samples of 100 users, some 95 % of the intervals should hold the true mean."""
    random = np.random.default_rng(0)
    values = random.exponential(1, size=(100, 200))
    means = resampled_means(values, 1)
    covered = [low <= 1 <= high for low, high in filter(None, map(interval, means.T))]
    assert len(covered) == 200
    assert 0.9 <= np.mean(covered) <= 0.98


def test_a_resample_without_values_leaves_no_interval() -> None:
    values = np.full((3, 1), np.nan)
    values[0] = 1.0
    assert interval(resampled_means(values, 0)[:, 0]) is None
