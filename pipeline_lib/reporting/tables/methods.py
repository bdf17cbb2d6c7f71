"""The paper's Tables 2 to 5 with our results, the paper's beside them."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline_lib.evaluation.comparison import Comparison, MethodResult
from pipeline_lib.metrics.registry import Metric, TaskKind, error_by_group, metrics_of
from pipeline_lib.reporting.paper import PaperResults, PaperTable
from pipeline_lib.reporting.tables.columns import group_p_columns, metric_columns
from pipeline_lib.reporting.tables.notes import (
    group_note,
    measured_notes,
    not_run,
    paper_clicks_note,
    paper_notes,
)
from pipeline_lib.reporting.tables.table import Block, Column, Row, Table
from pipeline_lib.settings.methods.base import Role

BLOCKS: dict[Role, str] = {
    "reference": "Reference points, not in the paper",
    "baseline": "Baselines",
    "proposed": "Proposed methods",
    "ablation": "Ablations",
}


@dataclass(frozen=True)
class Layout:
    """What a table of the paper shows: methods in which roles, metrics by group or not."""

    number: int
    roles: tuple[Role, ...]
    by_group: bool
    titles: dict[TaskKind, str]

    def metrics(self, task: TaskKind) -> list[Metric]:
        """Return the table's metrics from left to right."""
        placed = [(m.tables, m) for m in metrics_of(task).values() if m.tables is not None]
        shown = [(place, m) for place, m in placed if (m.group is not None) == self.by_group]
        return [metric for _, metric in sorted(shown, key=lambda found: found[0])]


COMPARED: tuple[Role, ...] = ("reference", "baseline", "proposed")
ABLATED: tuple[Role, ...] = ("proposed", "ablation")
TABLE_2 = Layout(
    2,
    COMPARED,
    False,
    {
        "rating": "error and ranking on cold-start users (the paper's Table 2)",
        "click": "AUC and NEL on cold-start users (the paper's Figure 3)",
    },
)
TABLE_3 = Layout(
    3,
    ABLATED,
    False,
    {
        "rating": "ablation, error and ranking on cold-start users (the paper's Table 3)",
        "click": "ablation, AUC and NEL on cold-start users",
    },
)
TABLE_4 = Layout(
    4,
    COMPARED,
    True,
    {
        "rating": "MSE of major and minor users (the paper's Table 4)",
        "click": "AUC and NEL of major and minor users",
    },
)
TABLE_5 = Layout(
    5,
    ABLATED,
    True,
    {
        "rating": "ablation, MSE of major and minor users (the paper's Table 5)",
        "click": "ablation, AUC and NEL of major and minor users",
    },
)


def quality_table(layout: Layout, comparison: Comparison, paper: PaperResults) -> Table:
    """Tabulate MSE and nDCG, or clicks' AUC and NEL: the paper's Table 2 or 3.

    The paper's numbers are left out for sample data.
    """
    figure_3 = layout is TABLE_2 and comparison.task.kind == "click" and not comparison.sample
    notes = [paper_clicks_note(paper.clicks)] if figure_3 else []
    return _table(layout, comparison, paper, [], notes)


def group_table(layout: Layout, comparison: Comparison, paper: PaperResults) -> Table:
    """Tabulate MSE, or clicks' AUC and NEL, of major and minor users: the paper's Table 4 or 5.

    p is between the two groups' users' MSE or NEL. The paper's numbers are left out for sample
    data.
    """
    errors = [*error_by_group(comparison.task.kind).values()]
    beside = _beside(layout, comparison, paper)
    columns = group_p_columns(_shown(layout, comparison), errors, beside)
    return _table(layout, comparison, paper, columns, [group_note(comparison)])


def blocks(methods: Sequence[MethodResult]) -> tuple[Block, ...]:
    """Return the methods in blocks by role, without empty blocks."""
    rows = {
        role: tuple(Row(m.name, m.label, len(m.seeds)) for m in methods if m.role == role)
        for role in BLOCKS
    }
    return tuple(Block(role, BLOCKS[role], block) for role, block in rows.items() if block)


def _shown(layout: Layout, comparison: Comparison) -> list[MethodResult]:
    return [method for method in comparison.methods if method.role in layout.roles]


def _beside(layout: Layout, comparison: Comparison, paper: PaperResults) -> PaperTable | None:
    return None if comparison.sample else paper.table(layout.number).get(comparison.dataset)


def _table(
    layout: Layout,
    comparison: Comparison,
    paper: PaperResults,
    columns: Sequence[Column],
    notes: Sequence[str],
) -> Table:
    """Put more columns and notes after those of the layout's metrics."""
    methods, beside = _shown(layout, comparison), _beside(layout, comparison, paper)
    metrics = layout.metrics(comparison.task.kind)
    own = [column for metric in metrics for column in metric_columns(methods, metric, beside)]
    said = [*measured_notes(comparison, methods, metrics), *notes]
    if beside:
        said += paper_notes(methods, beside, paper.trials)
    return Table(
        dataset=comparison.dataset,
        sample=comparison.sample,
        title=f"{comparison.title}: {layout.titles[comparison.task.kind]}",
        columns=(*own, *columns),
        blocks=blocks(methods),
        notes=(
            *(said if methods else ["No method of this table was run."]),
            *not_run(layout.number, comparison.dataset, methods, paper),
        ),
    )
