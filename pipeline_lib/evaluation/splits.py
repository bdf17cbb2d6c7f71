"""Methods over several splits of one log, side by side."""

from operator import not_

from pydantic import BaseModel, Field

from pipeline_lib.evaluation.comparison import SplitPair, Subject, find_pair
from pipeline_lib.settings.methods.base import Role
from pipeline_lib.settings.task import Task


class SplitStatistic(BaseModel):
    """A metric over splits.

    values: a split each, averaged over seeds. sd: sample standard deviation over splits. seed_sd:
    root mean square over splits of that over a split's seeds; None for a single seed.
    """

    values: list[float]
    mean: float
    sd: float
    seed_sd: float | None


class SplitResult(BaseModel):
    """One method over splits."""

    name: str
    label: str
    role: Role
    seeds: list[int]
    metrics: dict[str, SplitStatistic]


class SplitComparison(Subject):
    """Several methods on the same splits.

    split_seeds, train_users, test_users: a split each. chosen_on: the seed of the run's own split.
    chosen_metrics: those that the run chose.
    """

    task: Task
    split_seeds: list[int]
    chosen_on: int
    train_users: list[int]
    test_users: list[int]
    methods: list[SplitResult]
    pairs: list[SplitPair]
    chosen_metrics: list[str] = Field([], exclude_if=not_)

    def pair(self, metric: str, left: str, right: str) -> SplitPair | None:
        """Return two methods' difference in a metric, left minus right; None where not compared."""
        return find_pair(self.pairs, metric, left, right)
