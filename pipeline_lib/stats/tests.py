"""Two-tailed tests of means, the size of what they test, and many of them at once."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import ttest_1samp, ttest_ind

Values = NDArray[np.float64]
NOISE = 1e-9  # differences this small beside the values come from rounding


def independent_p(left: Values, right: Values) -> float | None:
    """Test whether two independent samples, [left] and [right], have one mean.

    The paper's test (Student's, of equal variances); None where either has fewer than two values
    or no spread.
    """
    if min(len(left), len(right)) < 2 or _alike(left) or _alike(right):
        return None
    return float(ttest_ind(left, right).pvalue)


def paired_p(differences: Values) -> float | None:
    """Test whether differences, [pairs], have mean 0 (Student's paired test).

    None for fewer than two pairs or differences without spread.
    """
    if len(differences) < 2 or _alike(differences):
        return None
    return float(ttest_1samp(differences, 0).pvalue)


def without_noise(differences: Values, *sides: Values) -> Values:
    """Set to 0 the differences, [pairs], that rounding of the sides, [pairs] each, explains."""
    largest = np.max([np.abs(side) for side in sides], axis=0)
    return np.where(np.abs(differences) <= NOISE * largest, 0.0, differences)


def independent_effect(left: Values, right: Values) -> float | None:
    """Compute Cohen's d of right against left: the difference of means in pooled deviations.

    None where a sample has fewer than two values, or neither has spread.
    """
    if min(len(left), len(right)) < 2:
        return None
    squares = sum(np.sum((side - side.mean()) ** 2) for side in (left, right))
    pooled = np.sqrt(squares / (len(left) + len(right) - 2))
    return float((right.mean() - left.mean()) / pooled) if pooled > 0 else None


def paired_effect(differences: Values) -> float | None:
    """Compute Cohen's d of differences, [pairs]: their mean in their own standard deviations."""
    if len(differences) < 2 or _alike(differences):
        return None
    return float(differences.mean() / differences.std(ddof=1))


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Adjust the p of several tests so that any false finding among them keeps its level.

    Holm 1979: the i-th smallest of m is multiplied by m − i + 1, kept in order and at most 1.
    None, of what could not be tested, stays and does not count.
    """
    adjusted: list[float | None] = [None] * len(p_values)
    tested = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    highest = 0.0
    for rank, (p, place) in enumerate(tested):
        highest = max(highest, min(1.0, (len(tested) - rank) * p))
        adjusted[place] = highest
    return adjusted


def _alike(values: Values) -> bool:
    return bool(np.ptp(values) <= NOISE * np.max(np.abs(values)))
