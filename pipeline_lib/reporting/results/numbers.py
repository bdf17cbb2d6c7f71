"""Numbers of finished runs, as a text shows them."""

from dataclasses import dataclass

from pipeline_lib.evaluation.comparison import Pair, Statistic
from pipeline_lib.reporting.paper import Metric
from pipeline_lib.reporting.results.runs import (
    DatasetResults,
    Runs,
    UnknownResultError,
    find,
    find_dataset,
)
from pipeline_lib.reporting.tables.columns import digits, p_cell, signed, spread_text
from pipeline_lib.reporting.tables.table import DASH


@dataclass(frozen=True)
class Numbers:
    """What a text may ask of the runs; an unknown name raises UnknownResultError."""

    runs: Runs

    def dataset(self, run: str, dataset: str) -> DatasetResults:
        """Find a dataset of a run."""
        return find_dataset(self.runs, run, dataset)

    def value(self, run: str, dataset: str, method: str, metric: Metric = "mse") -> float:
        """Find a metric's mean over seeds."""
        return self._statistic(run, dataset, method, metric).mean

    def number(self, run: str, dataset: str, method: str, metric: Metric = "mse") -> str:
        """Render a metric's mean over seeds, with its standard deviation."""
        return spread_text(self._statistic(run, dataset, method, metric), metric)

    def percent(
        self, run: str, dataset: str, method: str, other: str, metric: Metric = "mse"
    ) -> str:
        """Render by how many percent a method's metric differs from another's."""
        own, base = (self.value(run, dataset, name, metric) for name in (method, other))
        return f"{signed(100 * (own / base - 1), 1)} %"

    def gap(self, run: str, dataset: str, method: str) -> float:
        """Find minor users' error less major users'."""
        gap = self.dataset(run, dataset).method(method).gap
        if gap is None:
            raise UnknownResultError(f"{run}/{dataset}/{method}: there is no gap")
        return gap.difference

    def pair(self, run: str, dataset: str, left: str, right: str, metric: Metric = "mse") -> Pair:
        """Find the difference of two methods, left minus right."""
        results = self.dataset(run, dataset)
        names = (results.method(left).name, results.method(right).name)
        pair = results.comparison.pair(metric, *names)
        if pair is None:
            compared = sorted({pair.metric for pair in results.comparison.pairs})
            raise UnknownResultError(
                f"{run}/{dataset}: {left} and {right} are not compared by {metric!r}; methods are "
                f"compared by: {', '.join(compared)}"
            )
        return pair

    def difference(
        self, run: str, dataset: str, left: str, right: str, metric: Metric = "mse"
    ) -> str:
        """Render the difference of two methods, left minus right, with its Holm-adjusted p."""
        pair = self.pair(run, dataset, left, right, metric)
        p = p_text(pair.holm_p)
        return f"{signed(pair.difference, digits(metric))}, p {p if p[0] == '<' else f'= {p}'}"

    def epochs(self, run: str, dataset: str, method: str) -> list[int]:
        """List the epoch chosen on validation users with each seed; a reference has none."""
        results = self.dataset(run, dataset)
        records = results.trainings_of(results.method(method).name)
        return [record.best_epoch for record in records if record.best_epoch is not None]

    def _statistic(self, run: str, dataset: str, method: str, metric: Metric) -> Statistic:
        own = self.dataset(run, dataset).method(method).metrics
        return find(own, metric, "metric", f"{run}/{dataset}/{method}")


def p_text(p: float | None) -> str:
    """Render a p-value, a dash where there was nothing to test."""
    return DASH if p is None else p_cell(p, star=False).text
