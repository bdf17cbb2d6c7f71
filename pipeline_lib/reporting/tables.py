"""The paper's Tables 2 and 4 with our figures, the paper's beside them."""

from collections.abc import Sequence

from pipeline_lib.comparison import Comparison
from pipeline_lib.reporting.columns import (
    difference,
    group_p,
    measured,
    printed,
    printed_group_p,
)
from pipeline_lib.reporting.layout import Block, Column, Row, Table
from pipeline_lib.reporting.notes import (
    DIFFERENCE,
    SAMPLE,
    group_note,
    measured_notes,
    paper_notes,
)
from pipeline_lib.reporting.paper import Metric, PaperFigures, PaperTable

TABLE_2: tuple[Metric, ...] = ("mse", "ndcg_3", "ndcg_5")
TABLE_4: tuple[Metric, ...] = ("mse_major", "mse_minor")
BLOCKS = {
    "reference": "Reference points, not in the paper",
    "baseline": "Baselines",
    "proposed": "Proposed methods",
}


def table_2(comparison: Comparison, paper: PaperFigures) -> Table:
    """Tabulate MSE, nDCG@3 and nDCG@5; the paper's figures are left out for sample data."""
    beside = _beside(comparison, paper.table_2)
    columns = []
    for metric in TABLE_2:
        columns.append(measured(comparison, metric))
        if beside:
            columns += [printed(beside, metric), difference(comparison, beside, metric)]
    notes = measured_notes(comparison, TABLE_2)
    if beside:
        notes += [DIFFERENCE, *paper_notes(comparison, beside, paper.trials)]
    what = "error and ranking on cold-start users (the paper's Table 2)"
    return _table(comparison, what, columns, notes)


def table_4(comparison: Comparison, paper: PaperFigures) -> Table:
    """Tabulate major and minor users' MSE and the p between them, as `table_2` does."""
    beside = _beside(comparison, paper.table_4)
    columns = []
    for metric in TABLE_4:
        columns.append(measured(comparison, metric))
        if beside:
            columns.append(printed(beside, metric))
    columns.append(group_p(comparison))
    notes = [*measured_notes(comparison, TABLE_4), group_note(comparison)]
    if beside:
        columns.append(printed_group_p(beside))
        notes += paper_notes(comparison, beside, paper.trials)
    return _table(comparison, "MSE of major and minor users (the paper's Table 4)", columns, notes)


def _beside(comparison: Comparison, tables: dict[str, PaperTable]) -> PaperTable | None:
    return None if comparison.sample else tables.get(comparison.dataset)


def _table(
    comparison: Comparison, what: str, columns: Sequence[Column], notes: Sequence[str]
) -> Table:
    label = f"{SAMPLE}. " if comparison.sample else ""
    return Table(
        dataset=comparison.dataset,
        sample=comparison.sample,
        title=f"{label}{comparison.title}: {what}",
        columns=tuple(columns),
        blocks=_blocks(comparison),
        notes=tuple(notes),
    )


def _blocks(comparison: Comparison) -> tuple[Block, ...]:
    rows = {
        role: tuple(
            Row(m.name, m.label, len(m.seeds)) for m in comparison.methods if m.role == role
        )
        for role in BLOCKS
    }
    return tuple(Block(role, BLOCKS[role], block) for role, block in rows.items() if block)
