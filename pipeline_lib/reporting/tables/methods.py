"""The paper's Tables 2 to 5 with our results, the paper's beside them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pipeline_lib.evaluation.comparison import PAML, Comparison, MethodResult, Subject
from pipeline_lib.evaluation.splits import SplitResult
from pipeline_lib.metrics.metric import Metric, TaskKind
from pipeline_lib.metrics.registry import error_by_group, metrics_of
from pipeline_lib.reporting.paper import PaperResults
from pipeline_lib.reporting.tables.columns import Against, group_p_columns, metric_columns
from pipeline_lib.reporting.tables.notes import group_notes, measured_notes, titled
from pipeline_lib.reporting.tables.paper_notes import not_run, paper_clicks_note, paper_notes
from pipeline_lib.reporting.tables.table import Block, Row, Table, TableColumn
from pipeline_lib.settings.methods.base import Role

BLOCKS: dict[Role, str] = {
    "reference": "Reference points",
    "rival": "Rivals",
    "baseline": "Baselines",
    "proposed": "Proposed methods",
    "ablation": "Ablations",
}


NO_METHOD = "No method of this table was run."
CLICKS_IN_THE_PAPER = 2  # the table of what the paper's Figure 3 shows
BESIDE_PAPER: tuple[Role, ...] = ("reference", "rival")
COMPARED: tuple[Role, ...] = (*BESIDE_PAPER, "baseline", "proposed")
ABLATED: tuple[Role, ...] = ("proposed", "ablation")


@dataclass(frozen=True)
class Layout:
    """What a table of the paper shows: methods in which roles, metrics by group or not.

    titles, paper: by kind of task, the table's title, and where the paper has it.
    """

    roles: tuple[Role, ...]
    by_group: bool
    titles: dict[TaskKind, str]
    paper: dict[TaskKind, str]

    def title(self, comparison: Comparison) -> str:
        """Return the title, with the place in the paper for a dataset of the paper."""
        task = comparison.task.kind
        return titled(f"{comparison.title}: {self.titles[task]}", self.paper.get(task), comparison)

    def against(self, comparison: Comparison) -> Against:
        """Return what the table's methods are tested against: as in the paper, PAML in ablations.

        The paper has stars in the tables of all users alone.
        """
        best = {m: comparison.method(name) for m, name in comparison.baselines.items()}
        if self.roles != ABLATED:
            return Against("baseline_p", best, starred=not self.by_group)
        paml = next((m for m in comparison.methods if m.name == PAML), None)
        rivals = dict.fromkeys(paml.metrics, paml) if paml else {}
        return Against("paml_p", rivals, starred=not self.by_group)

    def metrics(self, task: TaskKind) -> list[Metric]:
        """Return the table's metrics from left to right."""
        placed = [(m.tables, m) for m in metrics_of(task).values() if m.tables is not None]
        shown = [(place, m) for place, m in placed if (m.group is not None) == self.by_group]
        return [metric for _, metric in sorted(shown, key=lambda found: found[0])]


LAYOUTS = {
    2: Layout(
        roles=COMPARED,
        by_group=False,
        titles={
            "rating": "error and ranking on cold-start users",
            "click": "AUC and NEL on cold-start users",
        },
        paper={"rating": "Table 2", "click": "Figure 3"},
    ),
    3: Layout(
        roles=ABLATED,
        by_group=False,
        titles={
            "rating": "ablation, error and ranking on cold-start users",
            "click": "ablation, AUC and NEL on cold-start users",
        },
        paper={"rating": "Table 3"},
    ),
    4: Layout(
        roles=COMPARED,
        by_group=True,
        titles={
            "rating": "MSE of major and minor users",
            "click": "AUC and NEL of major and minor users",
        },
        paper={"rating": "Table 4"},
    ),
    5: Layout(
        roles=ABLATED,
        by_group=True,
        titles={
            "rating": "ablation, MSE of major and minor users",
            "click": "ablation, AUC and NEL of major and minor users",
        },
        paper={"rating": "Table 5"},
    ),
}


def methods_table(number: int, comparison: Comparison, paper: PaperResults) -> Table:
    """Tabulate methods by MSE and nDCG, or clicks' AUC and NEL: the paper's Table 2, 3, 4 or 5.

    Tables 4 and 5 are of major and minor users, with the p between the two groups' MSE or NEL. The
    paper's numbers are left out for sample data.
    """
    layout, task = LAYOUTS[number], comparison.task.kind
    methods = [method for method in comparison.methods if method.role in layout.roles]
    printed = None if comparison.sample else paper.table(number).get(comparison.dataset)
    against = layout.against(comparison)
    columns = [
        column
        for metric in layout.metrics(task)
        for column in metric_columns(methods, metric, printed, against)
    ]
    if layout.by_group:
        columns += group_p_columns(methods, [*error_by_group(task).values()], printed)
    stopped = [method for method in comparison.stopped if method.role in layout.roles]
    none = [] if stopped else [NO_METHOD]
    notes = [
        *(_notes(number, comparison, methods, paper) if methods else none),
        *not_run(number, comparison.dataset, [*methods, *stopped], paper),
    ]
    title = layout.title(comparison)
    return table_of(comparison, methods, title, columns, notes, layout.roles)


def _notes(
    number: int, comparison: Comparison, methods: Sequence[MethodResult], paper: PaperResults
) -> list[str]:
    layout, task = LAYOUTS[number], comparison.task.kind
    against = layout.against(comparison)
    notes = measured_notes(comparison, methods, layout.metrics(task), against)
    if layout.by_group:
        notes += group_notes(comparison)
    if comparison.sample or not comparison.of_paper:
        return notes
    if number == CLICKS_IN_THE_PAPER and task == "click":
        notes.append(paper_clicks_note(paper.clicks))
    return [*notes, *paper_notes(number, comparison, methods, paper)]


def table_of(
    subject: Subject,
    methods: Sequence[MethodResult | SplitResult],
    title: str,
    columns: Sequence[TableColumn],
    notes: Sequence[str],
    roles: Collection[Role] = tuple(BLOCKS),
) -> Table:
    """Return a table of methods of a comparison, in blocks by role, without empty blocks.

    Methods in these roles that were stopped in training have rows of dashes, and a note each.
    """
    stopped = [method for method in subject.stopped if method.role in roles]
    rows = {
        role: tuple(
            Row(m.name, m.label, len(m.seeds)) for m in (*methods, *stopped) if m.role == role
        )
        for role in BLOCKS
    }
    return Table(
        dataset=subject.dataset,
        sample=subject.sample,
        title=title,
        columns=tuple(columns),
        blocks=tuple(
            Block(role, _heading(role, subject), block) for role, block in rows.items() if block
        ),
        notes=(*notes, *(method.note for method in stopped)),
    )


def _heading(role: Role, subject: Subject) -> str:
    beyond = ", not in the paper" if role in BESIDE_PAPER and subject.of_paper else ""
    return f"{BLOCKS[role]}{beyond}"
