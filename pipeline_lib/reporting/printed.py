"""What follows from the paper's printed numbers alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from math import inf

from scipy.stats import ttest_ind_from_stats

from pipeline_lib.evaluation.comparison import PAML
from pipeline_lib.metrics.registry import find_metric
from pipeline_lib.reporting.paper import PaperMean, PaperResults, PaperRow

BASELINES = ("melu", "meta-sgd", "transfer")
ROUNDING = 0.0005  # of a mean that is printed with three digits
TOTALS = {4: 2, 5: 3}  # by table of the groups, that of all users


@dataclass(frozen=True)
class PrintedTest:
    """A printed mean that is better than its rival's, and the p of that by the paper's trials."""

    method: str
    metric: str
    star: bool
    p: float


@dataclass(frozen=True)
class MajorShare:
    """The least and the largest share of major users that a method's printed errors allow."""

    method: str
    low: float
    high: float

    @property
    def is_possible(self) -> bool:
        """Return whether some of it is a share."""
        return self.low <= 1 and self.high >= 0


def trials_p(left: PaperMean, right: PaperMean, trials: int) -> float | None:
    """Compute the p that two means over trials are the same; None where a deviation is missing.

    The paper's test, two-tailed Student's t, from the printed means and deviations.
    """
    if left.sd is None or right.sd is None:
        return None
    found = ttest_ind_from_stats(left.mean, left.sd, trials, right.mean, right.sd, trials)
    return float(found.pvalue)


def star_tests(number: int, rows: Mapping[str, PaperRow], trials: int) -> Iterator[PrintedTest]:
    """Test every mean of Table 2 or 3 that is better than what the table's stars are against."""
    rivals = BASELINES if number == 2 else (PAML,)
    for method in (name for name in rows if name not in rivals):
        for name, mean in rows[method].means.items():
            loss = find_metric(name).loss
            best = min((rows[r].means[name] for r in rivals), key=lambda m: loss(m.mean))
            p = trials_p(mean, best, trials)
            if p is not None and loss(mean.mean) < loss(best.mean):
                yield PrintedTest(method, name, name in rows[method].starred, p)


def group_ps(rows: Mapping[str, PaperRow], trials: int) -> dict[str, float]:
    """Compute by method the p between major and minor users' MSE, had it been over trials."""
    found = {
        name: trials_p(row.means["mse_major"], row.means["mse_minor"], trials)
        for name, row in rows.items()
    }
    return {name: p for name, p in found.items() if p is not None}


def major_shares(number: int, dataset: str, paper: PaperResults) -> list[MajorShare]:
    """Compute the shares w of total = w · major + (1 − w) · minor, as printed in two tables.

    number: of the groups' table, 4 or 5. Every mean may be rounded up or down.
    """
    totals = paper.table(TOTALS[number])[dataset].rows
    return [
        MajorShare(name, *_share(*(means[m].mean for m in ("mse", "mse_major", "mse_minor"))))
        for name, row in paper.table(number)[dataset].rows.items()
        if name in totals and (means := totals[name].means | row.means)
    ]


def _share(total: float, major: float, minor: float) -> tuple[float, float]:
    if abs(minor - major) <= 2 * ROUNDING:
        return -inf, inf
    ends = product(*((mean - ROUNDING, mean + ROUNDING) for mean in (total, major, minor)))
    shares = [(above - all_) / (above - below) for all_, below, above in ends]
    return min(shares), max(shares)
