"""A table as the page shows it: what to sort by, and the runs behind a cell."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipeline_lib.evaluation.comparison import Comparison, MethodResult
from pipeline_lib.metrics.registry import METRICS, USER_ERROR, TaskKind
from pipeline_lib.reporting.paper import Metric
from pipeline_lib.reporting.tables.columns import HEADERS
from pipeline_lib.reporting.tables.groups import ERRORS
from pipeline_lib.reporting.tables.notes import SAMPLE
from pipeline_lib.reporting.tables.table import DASH, METHODS, Cell, Column, Row, Table


def seed_values(comparison: Comparison, row: str, column: Column) -> str | None:
    """List each seed's value, a line each, for the methods and metrics behind a cell.

    None where the cell holds nothing, or nothing that was measured over seeds.
    """
    if column.cell(row).text == DASH:
        return None
    found = [
        (method, metric)
        for method, metric in _sources(comparison, row, column.fields[0])
        if metric in method.metrics
    ]
    return "\n".join(_lines(method, metric) for method, metric in found) or None


def _sources(comparison: Comparison, row: str, field: str) -> Iterator[tuple[MethodResult, Metric]]:
    kind = comparison.task.kind
    for method in comparison.methods:
        if method.name == row:
            for metric in _metrics(kind, field):
                yield method, metric
                rival = _rival(comparison, field, metric)
                if rival and rival != row:
                    yield comparison.method(rival), metric
        elif field.startswith(f"{method.name}_"):  # one method's error, a row for each group
            by_group = ERRORS[USER_ERROR[kind]]
            if row in by_group:
                yield method, by_group[row]


def _metrics(kind: TaskKind, field: str) -> list[Metric]:
    """Find the metrics that a field is made of by its name."""
    error = USER_ERROR[kind]
    if field == "group_p" or field.startswith(f"{error}_gap"):
        return list(ERRORS[error].values())
    found = [m for m in HEADERS if m in METRICS[kind] and field.startswith(f"{m}_")]
    return [max(found, key=len)] if found else []


def _rival(comparison: Comparison, field: str, metric: Metric) -> str | None:
    for what, best in (
        ("baseline", comparison.baselines),
        ("reference", comparison.references),
    ):
        if field.startswith(f"{metric}_minus_{what}"):
            return best.get(metric)
    return None


def _lines(method: MethodResult, metric: Metric) -> str:
    values = zip(method.seeds, method.metrics[metric].values, strict=True)
    seeds = "\n".join(f"seed {seed}: {value:.6g}" for seed, value in values)
    return f"{method.label}, {HEADERS[metric]}\n{seeds}"


BROAD = 6  # columns that fit a sheet in larger print


@dataclass(frozen=True)
class ShownCell:
    """A cell; behind: the seeds' values it was computed from, a line each."""

    cell: Cell
    behind: str | None = None

    @property
    def key(self) -> str | None:
        """Give the number to sort by, empty for none; None where the printed text is sorted by."""
        first = self.cell.values[0]
        if first is None or self.cell.text == DASH:
            return ""
        return None if isinstance(first, str) else json.dumps(first)

    @property
    def words(self) -> bool:
        """Tell whether the cell is a text, and not a number."""
        return self.cell.values == (self.cell.text,)


@dataclass(frozen=True)
class ShownRow:
    """A row; link: the id it leads to. id and method: of a training's row."""

    label: str
    cells: list[ShownCell]
    link: str | None = None
    id: str | None = None
    method: str | None = None


@dataclass(frozen=True)
class ShownTable:
    """A table whose id no other in the page has; blocks: rows below their titles."""

    id: str
    title: str
    heading: str
    headers: list[str]
    blocks: list[tuple[str | None, list[ShownRow]]]
    notes: list[str]

    @property
    def broad(self) -> bool:
        """Tell whether the table fits a sheet only in small print."""
        return len(self.headers) > BROAD


def dataset_table(table: Table, id: str, comparison: Comparison) -> ShownTable:  # noqa: A002
    """Show a dataset's table: cells with their seeds' values, methods with links to their runs."""
    runs = {m.name: runs_id(comparison.dataset, m.name) for m in comparison.methods}
    links = runs if table.kind == METHODS else {}

    def _row(shown: Row) -> ShownRow:
        cells = [
            ShownCell(column.cell(shown.name), seed_values(comparison, shown.name, column))
            for column in table.columns
        ]
        return ShownRow(shown.label, cells, link=links.get(shown.name))

    return _shown(table, id, _row)


def run_table(table: Table, id: str, datasets: set[str]) -> ShownTable:  # noqa: A002
    """Show a table over datasets, each with a link to its section."""

    def _row(shown: Row) -> ShownRow:
        link = shown.name if shown.name in datasets else None
        return ShownRow(shown.label, [ShownCell(c) for c in table.cells(shown)], link=link)

    return _shown(table, id, _row)


def runs_id(dataset: str, method: str) -> str:
    """Name the place of a method's first training; names have no dot, so that it is unique."""
    return f"{dataset}.runs.{method}"


def _shown(table: Table, id: str, row: Callable[[Row], ShownRow]) -> ShownTable:  # noqa: A002
    return ShownTable(
        id=id,
        title=table.title.removeprefix(f"{SAMPLE}. "),  # the page says so itself
        heading=table.kind.heading,
        headers=[column.header for column in table.columns],
        blocks=[(block.title, [row(r) for r in block.rows]) for block in table.blocks],
        notes=[note for note in table.notes if note != f"{SAMPLE}."],
    )
