"""A table before it is written: columns of cells, rows in blocks, notes."""

from dataclasses import dataclass
from typing import Literal

DASH = "—"
MINUS = "\N{MINUS SIGN}"
Rank = Literal["best", "second"]


@dataclass(frozen=True)
class Cell:
    """What is printed of a value, and its unrounded numbers, one for each field of the column."""

    text: str
    numbers: tuple[float | None, ...]
    rank: Rank | None = None
    star: bool = False


@dataclass(frozen=True)
class Column:
    """Cells by row name. fields: the names of their numbers."""

    header: str
    fields: tuple[str, ...]
    cells: dict[str, Cell]

    def cell(self, row: str) -> Cell:
        """Return a row's cell, a dash where it has none."""
        return self.cells.get(row, Cell(DASH, (None,) * len(self.fields)))


@dataclass(frozen=True)
class Row:
    """One method."""

    name: str
    label: str
    seeds: int


@dataclass(frozen=True)
class Block:
    """Rows under a common heading."""

    role: str
    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Table:
    """One dataset's table. sample: its logs are generated."""

    dataset: str
    sample: bool
    title: str
    columns: tuple[Column, ...]
    blocks: tuple[Block, ...]
    notes: tuple[str, ...]

    def cells(self, row: Row) -> list[Cell]:
        """List a row's cells from left to right."""
        return [column.cell(row.name) for column in self.columns]
