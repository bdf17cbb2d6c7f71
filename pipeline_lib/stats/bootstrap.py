"""How far means over users would move had other users been drawn (Efron 1979)."""

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
RESAMPLES = 2000
LEVEL = 0.95
CELLS = 10_000_000  # counts held at once


class Bootstrap:
    """Resamples of the same users, so that the differences of means have intervals as well."""

    def __init__(self, users: int, seed: int) -> None:
        self.users = users
        self.seed = seed

    def means(self, values: Values) -> Values:
        """Average columns, [users, columns], over the users of each resample: [resamples, columns].

        NaN is a user without that value. A resample without any value has NaN.
        """
        known = ~np.isnan(values)
        filled, known = np.where(known, values, 0.0), known.astype(np.float64)
        random = np.random.default_rng(self.seed)
        chunk = max(1, CELLS // self.users)
        parts = []
        for start in range(0, RESAMPLES, chunk):
            counts = self._counts(random, min(chunk, RESAMPLES - start))
            with np.errstate(invalid="ignore"):
                parts.append((counts @ filled) / (counts @ known))
        return np.concatenate(parts)

    def _counts(self, random: np.random.Generator, resamples: int) -> Values:
        drawn = random.integers(self.users, size=(resamples, self.users))
        drawn += np.arange(resamples)[:, None] * self.users
        counts = np.bincount(drawn.ravel(), minlength=resamples * self.users)
        return counts.reshape(resamples, self.users).astype(np.float64)


def interval(means: Values) -> tuple[float, float] | None:
    """Take the 95 % percentile interval of resamples' means; None where some have no value."""
    if np.isnan(means).any():
        return None
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
