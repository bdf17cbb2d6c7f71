"""What users' metrics say of methods: intervals, gaps between groups, paired differences."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline_lib.evaluation.comparison import Gap, Pair, Spread
from pipeline_lib.evaluation.statistics import (
    holm,
    independent_effect,
    independent_p,
    interval,
    paired_effect,
    paired_p,
    resampled_means,
    without_noise,
)
from pipeline_lib.metrics.metric import TaskKind
from pipeline_lib.metrics.registry import error_by_group, metric_for, metrics_among
from pipeline_lib.schemas.columns import GROUPS
from pipeline_lib.seeds import derive_seed

Values = NDArray[np.float64]
Test = TypeVar("Test", Pair, Gap | None)
FEWEST = 2  # users that an interval can be drawn from
WHISKERS = 1.5  # of box plots, in distances of the quartiles


class UserMeans:
    """Users' metrics, averaged over a method's seeds, and resampled with one set of draws.

    users: by method, each seed's table of users, in one order. split_sha256: seeds the draws, so
    that the same split gives the same intervals.
    """

    def __init__(
        self, kind: TaskKind, users: Mapping[str, Sequence[pl.DataFrame]], split_sha256: str
    ) -> None:
        first = next(iter(users.values()))[0]
        self.methods = list(users)
        self.metrics = metrics_among(first.columns, kind)
        self.error = metric_for("error", kind).name
        self.errors = [metric.name for metric in error_by_group(kind).values()]
        self.groups = first["group"].to_numpy()
        self.values = {
            name: np.stack([self._values(name, seeds) for seeds in users.values()], axis=1)
            for name, metric in self.metrics.items()
            if metric.column in first.columns
        }
        self.resampled = {
            name: means
            for group in (None, *GROUPS)
            for name, means in self._resample(group, split_sha256).items()
        }

    def _resample(self, group: str | None, split_sha256: str) -> dict[str, Values]:
        """Resample the metrics of a group's users, or of all, with one set of draws."""
        names = [name for name in self.values if self.metrics[name].group == group]
        users = (
            np.full(len(self.groups), fill_value=True) if group is None else self.groups == group
        )
        if not (names and users.any()):
            return {}
        seed = derive_seed(0, "bootstrap", group or "all", split_sha256)
        columns = np.concatenate([self.values[name][users] for name in names], axis=1)
        means = resampled_means(columns, seed)
        if len(columns) < FEWEST:
            means[:] = np.nan
        return dict(zip(names, np.split(means, len(names), axis=1), strict=True))

    def _values(self, name: str, seeds: Sequence[pl.DataFrame]) -> Values:
        metric = self.metrics[name]
        columns = [users[metric.column].cast(pl.Float64).to_numpy() for users in seeds]
        mean: Values = np.mean(columns, axis=0)
        return mean if metric.group is None else np.where(self.groups == metric.group, mean, np.nan)

    def interval(self, method: str, metric: str) -> tuple[float, float] | None:
        """Return the 95 % bootstrap interval of a method's mean; None where it has none."""
        if metric not in self.resampled:
            return None
        return interval(self.resampled[metric][:, self.methods.index(method)])

    def spread(self, method: str) -> Spread:
        """Return the quartiles and outliers of users' errors."""
        errors = self.values[self.error][:, self.methods.index(method)]
        low, median, high = np.quantile(errors, (0.25, 0.5, 0.75))
        reach = WHISKERS * (high - low)
        outliers = (errors < low - reach) | (errors > high + reach)
        return Spread(low=low, median=median, high=high, outliers=int(outliers.sum()))

    def gaps(self) -> dict[str, Gap | None]:
        """Compare minor users' errors with major users'; None where a group has no user."""
        gaps = [self._gap(place) for place in range(len(self.methods))]
        return dict(zip(self.methods, _adjusted(gaps), strict=True))

    def _gap(self, place: int) -> Gap | None:
        major, minor = (_known(self.values[name][:, place]) for name in self.errors)
        if not (len(major) and len(minor)):
            return None
        resampled = [self.resampled[name][:, place] for name in self.errors]
        low, high = interval(resampled[1] - resampled[0]) or (None, None)
        return Gap(
            difference=float(minor.mean() - major.mean()),
            low=low,
            high=high,
            effect=independent_effect(major, minor),
            p=independent_p(major, minor),
        )

    def pairs(self) -> list[Pair]:
        """Compare every two methods user by user, in each metric over all users."""
        pairs = []
        for name, values in self.values.items():
            if self.metrics[name].group is not None or np.isnan(values).all():
                continue
            places = combinations(range(len(self.methods)), 2)
            pairs += _adjusted([self._pair(name, left, right) for left, right in places])
        return pairs

    def _pair(self, metric: str, left: int, right: int) -> Pair:
        values, resampled = self.values[metric], self.resampled[metric]
        sides = _known(values[:, [left, right]])
        differences = without_noise(sides[:, 0] - sides[:, 1], sides[:, 0], sides[:, 1])
        low, high = interval(resampled[:, left] - resampled[:, right]) or (None, None)
        return Pair(
            metric=metric,
            left=self.methods[left],
            right=self.methods[right],
            users=len(differences),
            difference=float(differences.mean()),
            low=low,
            high=high,
            effect=paired_effect(differences),
            p=paired_p(differences),
        )


def _adjusted(tests: Sequence[Test]) -> list[Test]:
    """Return the tests with their p adjusted for all of them."""
    adjusted = holm([test.p if test else None for test in tests])
    return [
        test and test.model_copy(update={"holm_p": p})
        for test, p in zip(tests, adjusted, strict=True)
    ]


def _known(values: Values) -> Values:
    rows = values.reshape(len(values), -1)
    known: Values = values[~np.isnan(rows).any(axis=1)]
    return known
