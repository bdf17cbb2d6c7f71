"""Numbers of finished runs and of the paper, as a text shows them."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline_lib.evaluation.comparison import Pair, SplitPair, Statistic
from pipeline_lib.evaluation.splits import SplitStatistic
from pipeline_lib.evaluation.statistics import holm
from pipeline_lib.metrics.registry import find_metric
from pipeline_lib.reporting.paper import PaperMean, PaperResults, PaperRow
from pipeline_lib.reporting.results.runs import DatasetResults, Runs, UnknownResultError, find
from pipeline_lib.reporting.tables.cells import p_cell, signed, spread_text
from pipeline_lib.reporting.tables.table import DASH


@dataclass(frozen=True)
class Numbers:
    """What a text may ask of the runs and of the paper; each public method is one of its words.

    An unknown name raises UnknownResultError.
    """

    runs: Runs
    printed: PaperResults

    def command(self, run: str) -> str:
        """Return the command that makes a run."""
        return find(self.runs, run, "run", "results").command

    def datasets(self, run: str) -> Mapping[str, DatasetResults]:
        """Return a run's datasets by name."""
        return find(self.runs, run, "run", "results").datasets

    def dataset(self, run: str, dataset: str) -> DatasetResults:
        """Return a dataset of a run."""
        return find(self.datasets(run), dataset, "dataset", f"run {run}")

    def value(self, run: str, dataset: str, method: str, metric: str = "mse") -> float:
        """Return a metric's mean over seeds."""
        return self._statistic(run, dataset, method, metric).mean

    def number(self, run: str, dataset: str, method: str, metric: str = "mse") -> str:
        """Render a metric's mean over seeds, with its standard deviation."""
        return spread(self._statistic(run, dataset, method, metric), metric)

    def percent(self, run: str, dataset: str, method: str, other: str, metric: str = "mse") -> str:
        """Render by how many percent a method's metric differs from another's."""
        own, base = (self.value(run, dataset, name, metric) for name in (method, other))
        return f"{signed(100 * (own / base - 1), 1)} %"

    def gap(self, run: str, dataset: str, method: str) -> float:
        """Return minor users' error less major users'."""
        gap = self.dataset(run, dataset).method(method).gap
        if gap is None:
            raise UnknownResultError(f"{run}/{dataset}/{method}: there is no gap")
        return gap.difference

    def pair(self, run: str, dataset: str, left: str, right: str, metric: str = "mse") -> Pair:
        """Return the difference of two methods, left minus right."""
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

    def difference(self, run: str, dataset: str, left: str, right: str, metric: str = "mse") -> str:
        """Render the difference of two methods, left minus right, with its Holm-adjusted p."""
        pair = self.pair(run, dataset, left, right, metric)
        apart, p = signed(pair.difference, find_metric(metric).digits), p_text(pair.holm_p)
        return f"{apart}, p {p if p[0] == '<' else f'= {p}'}"

    def over_splits_value(self, run: str, dataset: str, method: str, metric: str = "mse") -> float:
        """Return a metric's mean over the further splits."""
        return self._on_splits(run, dataset, method, metric).mean

    def over_splits(self, run: str, dataset: str, method: str, metric: str = "mse") -> str:
        """Render that mean, with its standard deviation over splits."""
        return spread(self._on_splits(run, dataset, method, metric), metric)

    def over_splits_percent(
        self, run: str, dataset: str, method: str, other: str, metric: str = "mse"
    ) -> str:
        """Render by how many percent a method's metric differs from another's over splits."""
        own, base = (self.over_splits_value(run, dataset, m, metric) for m in (method, other))
        return f"{signed(100 * (own / base - 1), 1)} %"

    def contrasts(
        self, run: str, dataset: str, wanted: Sequence[tuple[str, str, str]]
    ) -> list[SplitPair]:
        """Return differences over splits, left minus right, with p adjusted for these alone.

        wanted: left, right and the metric.
        """
        results = self.dataset(run, dataset)
        found = []
        for left, right, metric in wanted:
            names = results.on_splits(left).name, results.on_splits(right).name
            pair = results.splits.pair(metric, *names)
            if pair is None:
                raise UnknownResultError(f"{run}/{dataset}: no {metric!r} of {left} and {right}")
            found.append(pair)
        adjusted = holm([pair.p for pair in found])
        return [
            pair.model_copy(update={"holm_p": p}) for pair, p in zip(found, adjusted, strict=True)
        ]

    def contrast(
        self, run: str, dataset: str, left: str, right: str, metric: str = "mse"
    ) -> SplitPair:
        """Return a difference over splits, left minus right, with the p of it alone."""
        return self.contrasts(run, dataset, [(left, right, metric)])[0]

    def epochs(self, run: str, dataset: str, method: str) -> list[int]:
        """Return the epoch chosen on validation users with each seed; a reference has none."""
        results = self.dataset(run, dataset)
        records = results.trainings_of(results.method(method).name)
        return [record.best_epoch for record in records if record.best_epoch is not None]

    def with_rows_value(
        self, run: str, dataset: str, method: str, rows: int | None = None
    ) -> float:
        """Return the mean error of users who adapt on so many rows at most; None: all they have."""
        results = self.dataset(run, dataset)
        with (results.folder / "figures/support_size.csv").open(encoding="utf-8") as file:
            lines = [line for line in csv.DictReader(file) if line["method"] == method]
        known = {line["support_rows"]: float(line[results.error]) for line in lines}
        wanted = "" if rows is None else str(rows)  # as the figure's CSV has it
        return find(known, wanted, "number of support rows", f"{run}/{dataset}/{method}")

    def first_row_adds(self, run: str, dataset: str, method: str) -> float:
        """Return what a first support row adds to the mean error of users."""
        none, one = (self.with_rows_value(run, dataset, method, rows) for rows in (0, 1))
        return one - none

    def with_rows(self, run: str, dataset: str, method: str, rows: int | None = None) -> str:
        """Render that error."""
        n = find_metric(self.dataset(run, dataset).error).digits
        return f"{self.with_rows_value(run, dataset, method, rows):.{n}f}"

    def paper_value(self, table: int, dataset: str, method: str, metric: str = "mse") -> float:
        """Return a mean of the paper's Tables 2 to 5."""
        return self._mean(table, dataset, method, metric).mean

    def paper(self, table: int, dataset: str, method: str, metric: str = "mse") -> str:
        """Render a mean of the paper's, with its standard deviation where there is one."""
        return spread(self._mean(table, dataset, method, metric), metric)

    def paper_p(self, table: int, dataset: str, method: str) -> str:
        """Render the paper's p between major and minor users."""
        p = self._row(table, dataset, method).p
        if p is None:
            raise UnknownResultError(f"the paper's Table {table} has no p of {method}")
        return p_text(p)

    def _statistic(self, run: str, dataset: str, method: str, metric: str) -> Statistic:
        own = self.dataset(run, dataset).method(method).metrics
        return find(own, metric, "metric", f"{run}/{dataset}/{method}")

    def _on_splits(self, run: str, dataset: str, method: str, metric: str) -> SplitStatistic:
        own = self.dataset(run, dataset).on_splits(method).metrics
        return find(own, metric, "metric", f"{run}/{dataset}/{method} over splits")

    def _mean(self, table: int, dataset: str, method: str, metric: str) -> PaperMean:
        return find(
            self._row(table, dataset, method).means,
            metric,
            "metric",
            f"the paper's Table {table}, {method}",
        )

    def _row(self, table: int, dataset: str, method: str) -> PaperRow:
        where = f"the paper's Table {table}"
        tables = {str(number): self.printed.table(number) for number in (2, 3, 4, 5)}
        own = find(tables, str(table), "table", "the paper")
        return find(find(own, dataset, "dataset", where).rows, method, "method", where)


def spread(value: Statistic | SplitStatistic | PaperMean, metric: str) -> str:
    """Render a mean as its metric is printed, with its standard deviation where there is one."""
    return spread_text(value, find_metric(metric).digits)


def p_text(p: float | None) -> str:
    """Render a p-value, a dash where there was nothing to test."""
    return DASH if p is None else p_cell(p).text
