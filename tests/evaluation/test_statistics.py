"""Tests of means against scipy and hand-worked values, and Holm's adjustment."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_ind, ttest_rel

from pipeline_lib.evaluation.statistics import (
    effect_of_moments,
    holm,
    independent_effect,
    independent_p,
    paired_effect,
    paired_p,
    without_noise,
)

LEFT, RIGHT = np.array([1.0, 2.0, 4.0, 5.0]), np.array([3.0, 3.5, 4.0, 8.0])


def test_independent_is_the_papers_two_tailed_t_test() -> None:
    assert independent_p(LEFT, RIGHT[:3]) == ttest_ind(LEFT, RIGHT[:3]).pvalue


def test_paired_is_the_test_of_the_pairs() -> None:
    assert paired_p(LEFT - RIGHT) == pytest.approx(ttest_rel(LEFT, RIGHT).pvalue, rel=1e-12)


@pytest.mark.parametrize(
    ("left", "right"),
    [([1.0], [1.0, 2.0]), ([2.0, 2.0], [1.0, 3.0]), ([1.0, 3.0], [2.0, 2.0 + 1e-12])],
)
def test_no_spread_or_no_sample_gives_no_independent_p(
    left: list[float], right: list[float]
) -> None:
    assert independent_p(np.array(left), np.array(right)) is None


@pytest.mark.parametrize("differences", [[], [0.5], [0.5, 0.5], [0.0, 0.0, 0.0]])
def test_no_spread_or_no_pairs_gives_no_paired_p(differences: list[float]) -> None:
    assert paired_p(np.array(differences)) is None
    assert paired_effect(np.array(differences)) is None


def test_rounding_is_no_difference() -> None:
    """0.1 + 0.2 and 0.3 are the same score; a thousandth of it is not."""
    left, right = np.array([0.1 + 0.2, 0.3003]), np.array([0.3, 0.3])
    assert without_noise(left - right, left, right).tolist() == [0.0, left[1] - 0.3]


def test_cohens_d_by_hand() -> None:
    """Deviations of 1, 0, 1 and of 2, 0, 2: pooled variance (2 + 8) / 4."""
    major, minor = np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 6.0])
    assert independent_effect(major, minor) == pytest.approx(2 / np.sqrt(2.5))
    assert independent_effect(minor, major) == pytest.approx(-2 / np.sqrt(2.5))
    assert paired_effect(np.array([1.0, 2.0, 3.0])) == 2.0


@pytest.mark.parametrize(("left", "right"), [([1.0], [1.0, 2.0]), ([1.0, 1.0], [2.0, 2.0])])
def test_no_spread_has_no_effect_size(left: list[float], right: list[float]) -> None:
    assert independent_effect(np.array(left), np.array(right)) is None


@given(
    left=st.lists(st.floats(-100, 100), min_size=2, max_size=9),
    right=st.lists(st.floats(-100, 100), min_size=2, max_size=9),
)
def test_cohens_d_needs_no_more_than_sizes_means_and_deviations(
    left: list[float], right: list[float]
) -> None:
    sides = (np.array(left), np.array(right))
    sizes, means = (len(left), len(right)), (sides[0].mean(), sides[1].mean())
    found = effect_of_moments(sizes, means, (sides[0].std(ddof=1), sides[1].std(ddof=1)))
    expected = independent_effect(*sides)
    if found is not None:
        assert found == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_rates_all_alike_have_no_effect_size() -> None:
    assert effect_of_moments((3, 3), (1e-3, 1e-3), (0.0, 1e-13)) is None
    assert effect_of_moments((1, 3), (1.0, 2.0), (None, 1.0)) is None


def test_holm_by_hand() -> None:
    """0.01 x 4, 0.02 x 3 = 0.06, 0.03 x 2 = 0.06, 0.04 x 1, raised to what came before it."""
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])


def test_holm_does_not_count_what_could_not_be_tested() -> None:
    assert holm([None, 0.02, None, 0.03]) == [None, 0.04, None, 0.04]
    assert holm([None]) == [None]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_keeps_the_order_and_lies_between_the_raw_p_and_bonferronis(p: list[float]) -> None:
    adjusted = [q for q in holm(p) if q is not None]
    for raw, own in zip(p, adjusted, strict=True):
        assert raw <= own <= min(1.0, len(p) * raw) + 1e-15
    ordered = [q for _, q in sorted(zip(p, adjusted, strict=True))]
    assert all(first <= second for first, second in pairwise(ordered))
