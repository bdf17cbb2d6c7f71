"""A dataset's methods side by side: statistics over seeds, gaps between groups, pairs."""

from collections.abc import Iterable
from operator import not_
from typing import TypeVar

from pydantic import BaseModel, Field

from pipeline_lib.evaluation.stopped import StoppedMethod
from pipeline_lib.metrics.metric import Metric
from pipeline_lib.settings.methods.base import Role
from pipeline_lib.settings.task import Task

ACTIVITY = (
    "Major users are those with at least as many interactions as the median of all users kept, as "
    "no user feature tells groups apart."
)


PAML = "paml"  # the method that the paper's ablations are tested against


class Statistic(BaseModel):
    """A metric over seeds; sd is the sample standard deviation, None for a single seed.

    low, high: 95 % bootstrap interval over users of the mean over seeds. users: those who have the
    metric. baseline_p: two-tailed t-test of the seeds' values against the best baseline's; None
    for that baseline, for references and rivals, and where either has fewer than two seeds or no
    spread. paml_p: the same against PAML.
    """

    values: list[float]
    mean: float
    sd: float | None
    users: int
    low: float | None = None
    high: float | None = None
    baseline_p: float | None = None
    paml_p: float | None = None


class Gap(BaseModel):
    """Minor users' mean error minus major users', each user's averaged over seeds.

    low, high: 95 % bootstrap interval. effect: Cohen's d. p: two-tailed t-test between the groups
    (Yu et al. 2021, Table 4). holm_p: p adjusted for all methods that are tested.
    """

    difference: float
    low: float | None
    high: float | None
    effect: float | None
    p: float | None
    holm_p: float | None = None


class Spread(BaseModel):
    """Quartiles of users' errors, each user's averaged over seeds.

    outliers: users beyond the quartiles by more than 1.5 times their distance, as in box plots.
    """

    low: float
    median: float
    high: float
    outliers: int


class RateGap(BaseModel):
    """Minor users' inner learning rates beside major users', of one seed.

    major, minor: means. effect: Cohen's d of minor against major; None without spread.
    """

    major: float
    minor: float
    effect: float | None


class MethodResult(BaseModel):
    """One method over its seeds.

    constant_users: users of two query rows or more who got one score for all, with any seed. gap:
    None where a group has no user. rate_gaps: a seed each, without effect where all users have one
    rate; none where no user has one for all weights, or a group has no user.
    """

    name: str
    label: str
    kind: str
    role: Role
    seeds: list[int]
    constant_users: int
    metrics: dict[str, Statistic]
    gap: Gap | None
    spread: Spread
    rate_gaps: list[RateGap]


class Pair(BaseModel):
    """Two methods on the same users, each user's metric averaged over seeds.

    difference: left's mean minus right's, with its 95 % bootstrap interval. effect: Cohen's d of
    the users' differences. p: paired two-tailed t-test; holm_p: adjusted for all pairs of the
    metric.
    """

    metric: str
    left: str
    right: str
    users: int
    difference: float
    low: float | None
    high: float | None
    effect: float | None
    p: float | None
    holm_p: float | None = None


class SplitPair(BaseModel):
    """Two methods on the same splits, each split's metric averaged over seeds.

    difference: left's mean minus right's; low, high, p: of `corrected_t_test`. effect: Cohen's d of
    the splits' differences. holm_p: p adjusted for all pairs of the metric.
    """

    metric: str
    left: str
    right: str
    difference: float
    low: float | None
    high: float | None
    effect: float | None
    p: float | None
    holm_p: float | None = None


AnyPair = TypeVar("AnyPair", Pair, SplitPair)


class Subject(BaseModel):
    """The dataset that methods are compared on.

    sample: its logs are generated. of_paper: it is one of the paper's, or made after one.
    by_activity: users are major or minor by their number of interactions, not by their features.
    stopped: methods that are left out, as trainings of theirs were stopped.
    """

    dataset: str
    title: str
    sample: bool
    of_paper: bool
    by_activity: bool
    stopped: list[StoppedMethod] = Field([], exclude_if=not_)

    @property
    def activity_note(self) -> str:
        """Return in a sentence who is major where groups go by activity, "" where they do not."""
        return ACTIVITY if self.by_activity else ""


class Comparison(Subject):
    """All methods of a dataset on the same test users.

    short_users: by ranking metric, the ranked users with fewer rows than it looks at. baselines,
    references: the best one by metric. one_score: by metric, what the one score for all rows that
    has the least MSE or NEL has; its order is one by chance. outer_rates: of methods that the run
    has at several outer rates, all else alike. chosen_metrics: those that the run chose.
    """

    task: Task
    split_sha256: str
    test_users: int
    ranked_users: int | None
    short_users: dict[str, int]
    users_by_group: dict[str, int]
    baselines: dict[str, str]
    references: dict[str, str]
    one_score: dict[str, float]
    methods: list[MethodResult]
    pairs: list[Pair]
    outer_rates: dict[str, float] = {}
    chosen_metrics: list[str] = Field([], exclude_if=not_)

    @property
    def all_methods(self) -> list[MethodResult | StoppedMethod]:
        """Return the methods that were run, those left out last."""
        return [*self.methods, *self.stopped]

    def method(self, name: str) -> MethodResult:
        """Return a method's result."""
        return next(method for method in self.methods if method.name == name)

    def pair(self, metric: str, left: str, right: str) -> Pair | None:
        """Return two methods' difference in a metric, left minus right; None where not compared."""
        return find_pair(self.pairs, metric, left, right)


def find_pair(pairs: Iterable[AnyPair], metric: str, left: str, right: str) -> AnyPair | None:
    """Return two methods' difference in a metric, left minus right; None where not compared."""
    for pair in pairs:
        if pair.metric == metric and {pair.left, pair.right} == {left, right}:
            return pair if pair.left == left else _turned(pair)
    return None


def best_method(methods: Iterable[MethodResult], metric: Metric) -> MethodResult | None:
    """Return the first method of the best mean; None where no method has the metric."""
    measured = [m for m in methods if metric.name in m.metrics]
    return min(measured, key=lambda m: metric.loss(m.metrics[metric.name].mean), default=None)


def _turned(pair: AnyPair) -> AnyPair:
    changes = {
        "left": pair.right,
        "right": pair.left,
        "difference": -pair.difference,
        "low": None if pair.high is None else -pair.high,
        "high": None if pair.low is None else -pair.low,
        "effect": None if pair.effect is None else -pair.effect,
    }
    return pair.model_copy(update=changes)
