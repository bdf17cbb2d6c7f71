"""A table as the page shows it: what to sort by, and the seeds' values behind a cell."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline_lib.reporting.tables.table import DASH, Cell, Table

BROAD = 6  # columns that fit a sheet in larger print


@dataclass(frozen=True)
class ShownCell:
    """A cell as the page shows it."""

    cell: Cell

    @property
    def behind(self) -> str | None:
        """Return each seed's value, a line each, for the methods and metrics behind the cell."""
        if self.cell.text == DASH or not self.cell.sources:
            return None
        lines = []
        for method, metric in self.cell.sources:
            lines.append(f"{method.label}, {metric.label}")
            values = zip(method.seeds, method.metrics[metric.name].values, strict=True)
            lines += [f"seed {seed}: {value:.6g}" for seed, value in values]
        return "\n".join(lines)

    @property
    def key(self) -> str | None:
        """Return the number to sort by, empty for none; None where the text is sorted by."""
        first = self.cell.values[0]
        if first is None or self.cell.text == DASH:
            return ""
        return None if isinstance(first, str) else json.dumps(first)

    @property
    def words(self) -> bool:
        """Return whether the cell is a text, and not a number."""
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
        """Return whether the table fits a sheet only in small print."""
        return len(self.headers) > BROAD


def shown_table(table: Table, id: str, links: Mapping[str, str]) -> ShownTable:  # noqa: A002
    """Return a table as the page shows it. links: by row name, the id that the row leads to."""
    blocks = [
        (
            block.title,
            [
                ShownRow(row.label, [*map(ShownCell, table.cells(row))], links.get(row.name))
                for row in block.rows
            ],
        )
        for block in table.blocks
    ]
    return ShownTable(
        id=id,
        title=table.title,
        heading=table.kind.heading,
        headers=[column.header for column in table.columns],
        blocks=blocks,
        notes=[*table.notes],
    )


def runs_id(dataset: str, method: str) -> str:
    """Return the id of a method's first training; names have no dot, so that it is unique."""
    return f"{dataset}.runs.{method}"
