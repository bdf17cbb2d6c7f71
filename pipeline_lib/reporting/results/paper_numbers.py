"""The paper's own numbers, as a text shows them."""

from dataclasses import dataclass

from pipeline_lib.reporting.paper import Figure, Metric, PaperFigures, PaperRow
from pipeline_lib.reporting.results.runs import UnknownResultError, find
from pipeline_lib.reporting.tables.columns import p_cell, spread_text


@dataclass(frozen=True)
class PaperNumbers:
    """What a text may ask of the paper's Tables 2 to 5; raises UnknownResultError."""

    figures: PaperFigures

    def value(self, table: int, dataset: str, method: str, metric: Metric = "mse") -> float:
        """Find a printed mean."""
        return self._figure(table, dataset, method, metric).mean

    def number(self, table: int, dataset: str, method: str, metric: Metric = "mse") -> str:
        """Render a printed mean, with its standard deviation where there is one."""
        return spread_text(self._figure(table, dataset, method, metric), metric)

    def group_p(self, table: int, dataset: str, method: str) -> str:
        """Render the printed p between major and minor users."""
        p = self._row(table, dataset, method).p
        if p is None:
            raise UnknownResultError(f"the paper's Table {table} has no p of {method}")
        return p_cell(p, star=False).text

    def _figure(self, table: int, dataset: str, method: str, metric: Metric) -> Figure:
        known = {str(name): own for name, own in self._row(table, dataset, method).figures.items()}
        return find(known, metric, "metric", f"the paper's Table {table}, {method}")

    def _row(self, table: int, dataset: str, method: str) -> PaperRow:
        where = f"the paper's Table {table}"
        tables = {str(number): self.figures.table(number) for number in (2, 3, 4, 5)}
        own = find(tables, str(table), "table", "the paper")
        return find(find(own, dataset, "dataset", where).rows, method, "method", where)
