"""Two-tailed tests of means, effect sizes, Holm's correction and bootstrap intervals."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student
from scipy.stats import ttest_1samp, ttest_ind

Values = NDArray[np.float64]
RESAMPLES = 2000
LEVEL = 0.95
CELLS = 10_000_000  # counts held at once
NOISE = 1e-9  # differences this small beside the values come from rounding


def resampled_means(values: Values, seed: int) -> Values:
    """Average columns, [users, columns], over the users of each resample: [resamples, columns].

    Columns share their draws, so that the differences of means have intervals as well. NaN is a
    user without that value. A resample without any value has NaN.
    """
    known = ~np.isnan(values)
    filled, known = np.where(known, values, 0.0), known.astype(np.float64)
    random = np.random.default_rng(seed)
    chunk = max(1, CELLS // len(values))
    parts = []
    for start in range(0, RESAMPLES, chunk):
        counts = _counts(random, len(values), min(chunk, RESAMPLES - start))
        with np.errstate(invalid="ignore"):
            parts.append((counts @ filled) / (counts @ known))
    return np.concatenate(parts)


def _counts(random: np.random.Generator, users: int, resamples: int) -> Values:
    """Draw how often each resample has each user, [resamples, users]."""
    drawn = random.integers(users, size=(resamples, users))
    drawn += np.arange(resamples)[:, None] * users
    counts = np.bincount(drawn.ravel(), minlength=resamples * users)
    return counts.reshape(resamples, users).astype(np.float64)


def interval(means: Values) -> tuple[float, float] | None:
    """Return the 95 % percentile interval of resamples' means; None where some have no value."""
    if np.isnan(means).any():
        return None
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def independent_p(left: Values, right: Values) -> float | None:
    """Compute the p that two independent samples, [left] and [right], have one mean.

    The paper's test (Student's, of equal variances); None where either has fewer than two values
    or no spread.
    """
    if min(len(left), len(right)) < 2 or _alike(left) or _alike(right):
        return None
    return float(ttest_ind(left, right).pvalue)


def paired_p(differences: Values) -> float | None:
    """Compute the p that differences, [pairs], have mean 0 (Student's paired test).

    None for fewer than two pairs or differences without spread.
    """
    if len(differences) < 2 or _alike(differences):
        return None
    return float(ttest_1samp(differences, 0).pvalue)


def corrected_t_test(
    differences: Values, tested: float
) -> tuple[float | None, float | None, float | None]:
    """Compute the p that differences over random splits, [splits], have mean 0, and the interval.

    Corrected resampled t-test (Nadeau and Bengio 2003): splits of one log share users, so that the
    mean's variance is 1/splits + tested times that of the differences. tested: test users for each
    training user. Returns p and the ends of the 95 % interval; None for fewer than two splits or
    differences without spread.
    """
    count = len(differences)
    if count < 2 or _alike(differences):
        return None, None, None
    mean = float(differences.mean())
    error = float(np.sqrt((1 / count + tested) * differences.var(ddof=1)))
    reach = error * float(student.ppf((1 + LEVEL) / 2, count - 1))
    return float(2 * student.sf(abs(mean) / error, count - 1)), mean - reach, mean + reach


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


def effect_of_moments(
    sizes: tuple[int, int], means: tuple[float, float], sds: tuple[float | None, float | None]
) -> float | None:
    """Compute the same as `independent_effect` from samples' sizes, means and deviations."""
    if sds[0] is None or sds[1] is None:
        return None
    squares = sum((n - 1) * sd**2 for n, sd in zip(sizes, sds, strict=True) if sd is not None)
    pooled = np.sqrt(squares / (sum(sizes) - 2))
    noise = NOISE * max(map(abs, means))
    return float((means[1] - means[0]) / pooled) if pooled > noise else None


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
