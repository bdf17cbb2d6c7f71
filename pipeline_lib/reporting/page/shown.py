"""A table as the page shows it: what to sort by, and the runs behind a cell."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from pipeline_lib.comparison.record import Comparison
from pipeline_lib.reporting.layout import DASH, METHODS, Cell, Row, Table
from pipeline_lib.reporting.notes import SAMPLE
from pipeline_lib.reporting.page.seeds import seed_values

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
