"""A table before it is written: columns of cells, rows in blocks, notes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from pipeline_lib.evaluation.comparison import MethodResult
from pipeline_lib.metrics.metric import Metric

DASH = "—"
MINUS = "\N{MINUS SIGN}"
SAMPLE = "SAMPLE DATA (generated), not comparable with the paper"
Rank = Literal["best", "second"]
Value = float | str | None
# The methods and metrics, with a value for each seed, that a cell was computed from.
Sources = tuple[tuple[MethodResult, Metric], ...]


@dataclass(frozen=True)
class Cell:
    """What is printed, and the unrounded values behind it, one for each field of the column."""

    text: str
    values: tuple[Value, ...]
    rank: Rank | None = None
    star: bool = False
    sources: Sources = ()

    @property
    def seed_values(self) -> str | None:
        """Return each seed's value, a line each, of the methods and metrics behind the cell."""
        if self.text == DASH or not self.sources:
            return None
        lines = []
        for method, metric in self.sources:
            lines.append(f"{method.label}, {metric.label}")
            values = zip(method.seeds, method.metrics[metric.name].values, strict=True)
            lines += [f"seed {seed}: {value:.6g}" for seed, value in values]
        return "\n".join(lines)

    @property
    def sort_key(self) -> str | None:
        """Return the number to sort by, empty for none; None where the text is sorted by."""
        first = self.values[0]
        if first is None or self.text == DASH:
            return ""
        return None if isinstance(first, str) else json.dumps(first)


@dataclass(frozen=True)
class TableColumn:
    """Cells and their sources by row name. fields: the names of the cells' values."""

    header: str
    fields: tuple[str, ...]
    cells: Mapping[str, Cell]
    sources: Mapping[str, Sources] = field(default_factory=dict)

    def cell(self, row: str) -> Cell:
        """Return a row's cell with its sources, a dash where it has none."""
        cell = self.cells.get(row, Cell(DASH, (None,) * len(self.fields)))
        return replace(cell, sources=self.sources.get(row, ()))


@dataclass(frozen=True)
class Row:
    """One method, or what else the table's rows are."""

    name: str
    label: str
    seeds: int | None = None


@dataclass(frozen=True)
class Block:
    """Rows under a common heading, or under none."""

    role: str
    title: str | None
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class RowKind:
    """What rows are: the heading above them, the field of their names, the fields of a row.

    fields: of `dataset`, `sample`, `role`, `label`, `seeds` and the name's.
    """

    heading: str
    name: str
    fields: tuple[str, ...]


METHODS = RowKind("Method", "method", ("dataset", "sample", "role", "method", "label", "seeds"))


@dataclass(frozen=True)
class Table:
    """One dataset's table, or one of several. sample: their logs are generated."""

    dataset: str | None
    sample: bool
    title: str
    columns: tuple[TableColumn, ...]
    blocks: tuple[Block, ...]
    notes: tuple[str, ...]
    kind: RowKind = METHODS

    @property
    def file_title(self) -> str:
        """Return the title of a file of its own, which says so where data are generated."""
        return f"{SAMPLE}. {self.title}" if self.sample else self.title

    @property
    def file_notes(self) -> tuple[str, ...]:
        """Return the notes of a file of its own, which say so where data are generated."""
        return (f"{SAMPLE}.", *self.notes) if self.sample else self.notes

    def cells(self, row: Row) -> list[Cell]:
        """Return a row's cells from left to right."""
        return [column.cell(row.name) for column in self.columns]

    def identity(self, block: Block, row: Row) -> list[Value]:
        """Return the fields that identify a row."""
        known: dict[str, Value] = {
            "dataset": self.dataset,
            "sample": str(self.sample).lower(),
            "role": block.role,
            "label": row.label,
            "seeds": row.seeds,
            self.kind.name: row.name,
        }
        return [known[field] for field in self.kind.fields]
