"""The paper's Tables 2 and 4 with our figures, the paper's beside or beneath them."""

from collections.abc import Sequence

from pipeline_lib.comparison import Comparison
from pipeline_lib.evaluation import TaskKind
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
    group_note,
    measured_notes,
    paper_clicks_note,
    paper_notes,
    titled,
)
from pipeline_lib.reporting.paper import Metric, PaperFigures, PaperTable

TABLE_2: dict[TaskKind, tuple[Metric, ...]] = {
    "rating": ("mse", "ndcg_3", "ndcg_5"),
    "click": ("auc", "nel"),
}
TABLE_4: dict[TaskKind, tuple[Metric, ...]] = {
    "rating": ("mse_major", "mse_minor"),
    "click": ("auc_major", "auc_minor", "nel_major", "nel_minor"),
}
TITLE_2: dict[TaskKind, str] = {
    "rating": "error and ranking on cold-start users (the paper's Table 2)",
    "click": "AUC and NEL on cold-start users (the paper's Figure 3)",
}
TITLE_4: dict[TaskKind, str] = {
    "rating": "MSE of major and minor users (the paper's Table 4)",
    "click": "AUC and NEL of major and minor users",
}
BLOCKS = {
    "reference": "Reference points, not in the paper",
    "baseline": "Baselines",
    "proposed": "Proposed methods",
}


def table_2(comparison: Comparison, paper: PaperFigures) -> Table:
    """Tabulate MSE, nDCG@3 and nDCG@5, or clicks' AUC and NEL.

    The paper's figures are left out for sample data.
    """
    kind, beside = comparison.task.kind, _beside(comparison, paper.table_2)
    columns = []
    for metric in TABLE_2[kind]:
        columns.append(measured(comparison, metric))
        if beside:
            columns += [printed(beside, metric), difference(comparison, beside, metric)]
    notes = measured_notes(comparison, TABLE_2[kind])
    if beside:
        notes += [DIFFERENCE, *paper_notes(comparison, beside, paper.trials)]
    if kind == "click" and not comparison.sample:
        notes.append(paper_clicks_note(paper.clicks))
    return _table(comparison, TITLE_2[kind], columns, notes)


def table_4(comparison: Comparison, paper: PaperFigures) -> Table:
    """Tabulate MSE, or clicks' AUC and NEL, of major and minor users, as `table_2` does.

    p is between the two groups' users' MSE or NEL.
    """
    kind, beside = comparison.task.kind, _beside(comparison, paper.table_4)
    columns = []
    for metric in TABLE_4[kind]:
        columns.append(measured(comparison, metric))
        if beside:
            columns.append(printed(beside, metric))
    columns.append(group_p(comparison))
    notes = [*measured_notes(comparison, TABLE_4[kind]), group_note(comparison)]
    if beside:
        columns.append(printed_group_p(beside))
        notes += paper_notes(comparison, beside, paper.trials)
    return _table(comparison, TITLE_4[kind], columns, notes)


def _beside(comparison: Comparison, tables: dict[str, PaperTable]) -> PaperTable | None:
    return None if comparison.sample else tables.get(comparison.dataset)


def _table(
    comparison: Comparison, what: str, columns: Sequence[Column], notes: Sequence[str]
) -> Table:
    return Table(
        dataset=comparison.dataset,
        sample=comparison.sample,
        title=titled(f"{comparison.title}: {what}", comparison.sample),
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
