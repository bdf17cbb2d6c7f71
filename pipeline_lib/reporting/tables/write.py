"""Write a table as CSV for programs, Markdown for reading and LaTeX for papers."""

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

from pipeline_lib.reporting.tables.latex import latex
from pipeline_lib.reporting.tables.table import Cell, Table
from pipeline_lib.storage.tables import write_text

MARKDOWN_SPECIAL = re.compile(r"[\\`*_|\[\]]|<(?=[A-Za-z/!?])")
EMPHASIS = {"best": "**", "second": "*", None: ""}


def write_table_files(table: Table, stem: Path) -> None:
    """Write `stem`.csv, `stem`.md and `stem`.tex."""
    for suffix, render in (("csv", to_csv), ("md", markdown), ("tex", latex)):
        write_text(render(table), stem.with_name(f"{stem.name}.{suffix}"))


def to_csv(table: Table) -> str:
    """Render unrounded values; a missing one is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        [*table.kind.fields, *(name for column in table.columns for name in column.fields)]
    )
    for block in table.blocks:
        for row in block.rows:
            values = (value for cell in table.cells(row) for value in cell.values)
            writer.writerow([*table.identity(block, row), *values])
    return text.getvalue()


def markdown(table: Table) -> str:
    """Render an aligned table below its title, its notes as a list."""
    lines = [[table.kind.heading, *(column.header for column in table.columns)]]
    for block in table.blocks:
        if block.title:
            lines.append([f"*{escape(block.title)}*", *("" for _ in table.columns)])
        lines += [
            [escape(row.label), *(_cell(cell) for cell in table.cells(row))] for row in block.rows
        ]
    notes = "".join(f"- {escape(note)}\n" for note in table.file_notes)
    return f"# {escape(table.file_title)}\n\n{aligned(lines)}\n{notes}"


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """Render lines of cells as a table, the first as its head; the first column is text."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rule = [":" + "-" * (widths[0] - 1), *("-" * (width - 1) + ":" for width in widths[1:])]
    return "".join(_padded(line, widths) for line in [lines[0], rule, *lines[1:]])


def escape(text: str) -> str:
    """Keep characters from being read as Markdown."""
    return MARKDOWN_SPECIAL.sub(r"\\\g<0>", text)


def _padded(line: Sequence[str], widths: list[int]) -> str:
    first, *others = zip(line, widths, strict=True)
    cells = [first[0].ljust(first[1]), *(text.rjust(width) for text, width in others)]
    return f"| {' | '.join(cells)} |\n"


def _cell(cell: Cell) -> str:
    mark = EMPHASIS[cell.rank]
    return f"{mark}{escape(cell.text)}{mark}" + (r"\*" if cell.star else "")
