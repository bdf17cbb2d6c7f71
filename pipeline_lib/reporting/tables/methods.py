"""The paper's Tables 2 to 5 with our figures, the paper's beside them."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline_lib.evaluation.comparison import Comparison, MethodResult
from pipeline_lib.metrics.registry import TaskKind
from pipeline_lib.reporting.paper import Metric, PaperFigures, PaperTable
from pipeline_lib.reporting.tables.columns import (
    difference,
    group_p,
    measured,
    printed,
    printed_group_p,
)
from pipeline_lib.reporting.tables.notes import (
    group_note,
    measured_notes,
    not_run,
    paper_clicks_note,
    paper_notes,
    sample_note,
    titled,
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
class Kind:
    """What a table of the paper shows of a task, and of methods in which roles."""

    number: int
    roles: tuple[Role, ...]
    metrics: dict[TaskKind, tuple[Metric, ...]]
    titles: dict[TaskKind, str]


QUALITY: dict[TaskKind, tuple[Metric, ...]] = {
    "rating": ("mse", "ndcg_3", "ndcg_5"),
    "click": ("auc", "auc_user", "nel"),
}
BY_GROUP: dict[TaskKind, tuple[Metric, ...]] = {
    "rating": ("mse_major", "mse_minor"),
    "click": ("auc_major", "auc_minor", "nel_major", "nel_minor"),
}
COMPARED: tuple[Role, ...] = ("reference", "baseline", "proposed")
ABLATED: tuple[Role, ...] = ("proposed", "ablation")
TABLE_2 = Kind(
    2,
    COMPARED,
    QUALITY,
    {
        "rating": "error and ranking on cold-start users (the paper's Table 2)",
        "click": "AUC and NEL on cold-start users (the paper's Figure 3)",
    },
)
TABLE_3 = Kind(
    3,
    ABLATED,
    QUALITY,
    {
        "rating": "ablation, error and ranking on cold-start users (the paper's Table 3)",
        "click": "ablation, AUC and NEL on cold-start users",
    },
)
TABLE_4 = Kind(
    4,
    COMPARED,
    BY_GROUP,
    {
        "rating": "MSE of major and minor users (the paper's Table 4)",
        "click": "AUC and NEL of major and minor users",
    },
)
TABLE_5 = Kind(
    5,
    ABLATED,
    BY_GROUP,
    {
        "rating": "ablation, MSE of major and minor users (the paper's Table 5)",
        "click": "ablation, AUC and NEL of major and minor users",
    },
)


def quality_table(kind: Kind, comparison: Comparison, paper: PaperFigures) -> Table:
    """Tabulate MSE and nDCG, or clicks' AUC and NEL: the paper's Table 2 or 3.

    The paper's figures are left out for sample data.
    """
    figure_3 = kind is TABLE_2 and comparison.task.kind == "click" and not comparison.sample
    notes = [paper_clicks_note(paper.clicks)] if figure_3 else []
    return _table(kind, comparison, paper, [], notes)


def group_table(kind: Kind, comparison: Comparison, paper: PaperFigures) -> Table:
    """Tabulate MSE, or clicks' AUC and NEL, of major and minor users: the paper's Table 4 or 5.

    p is between the two groups' users' MSE or NEL. The paper's figures are left out for sample
    data.
    """
    beside = _beside(kind, comparison, paper)
    columns = [group_p(_shown(kind, comparison))]
    if beside:
        columns.append(printed_group_p(beside))
    return _table(kind, comparison, paper, columns, [group_note(comparison)])


def blocks(methods: Sequence[MethodResult]) -> tuple[Block, ...]:
    """Put methods into blocks by role; without those that are empty."""
    rows = {
        role: tuple(Row(m.name, m.label, len(m.seeds)) for m in methods if m.role == role)
        for role in BLOCKS
    }
    return tuple(Block(role, BLOCKS[role], block) for role, block in rows.items() if block)


def _metric_columns(
    methods: Sequence[MethodResult], metric: Metric, beside: PaperTable | None
) -> list[Column]:
    ours = measured(methods, metric)
    if beside is None:
        return [ours]
    return [ours, printed(beside, metric), difference(methods, beside, metric)]


def _shown(kind: Kind, comparison: Comparison) -> list[MethodResult]:
    return [method for method in comparison.methods if method.role in kind.roles]


def _beside(kind: Kind, comparison: Comparison, paper: PaperFigures) -> PaperTable | None:
    return None if comparison.sample else paper.table(kind.number).get(comparison.dataset)


def _table(
    kind: Kind,
    comparison: Comparison,
    paper: PaperFigures,
    columns: Sequence[Column],
    notes: Sequence[str],
) -> Table:
    """Put more columns and notes after those of the kind's metrics."""
    methods, beside = _shown(kind, comparison), _beside(kind, comparison, paper)
    metrics = kind.metrics[comparison.task.kind]
    own = [column for metric in metrics for column in _metric_columns(methods, metric, beside)]
    said = [*measured_notes(comparison, methods, metrics), *notes]
    if beside:
        said += paper_notes(methods, beside, paper.trials)
    return Table(
        dataset=comparison.dataset,
        sample=comparison.sample,
        title=titled(f"{comparison.title}: {kind.titles[comparison.task.kind]}", comparison.sample),
        columns=(*own, *columns),
        blocks=blocks(methods),
        notes=(
            *sample_note(comparison.sample),
            *(said if methods else ["No method of this table was run."]),
            *not_run(kind.number, comparison.dataset, methods, paper),
        ),
    )
