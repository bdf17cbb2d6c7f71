"""The paper's Table 1: how common users' values are, and how well MeLU does in each group."""

from collections.abc import Mapping

from pipeline_lib.evaluation.comparison import Comparison, MethodResult, Statistic
from pipeline_lib.metrics.metric import TaskKind
from pipeline_lib.metrics.registry import error_by_group, metric_for
from pipeline_lib.reporting.data_report.record import DataReport
from pipeline_lib.reporting.paper import PaperMean, PaperResults
from pipeline_lib.reporting.tables.cells import signed, spread_text
from pipeline_lib.reporting.tables.columns import apart_by, beside, sources
from pipeline_lib.reporting.tables.notes import group_sizes, over_seeds, split_note, titled
from pipeline_lib.reporting.tables.table import Block, Cell, Row, RowKind, Table, TableColumn
from pipeline_lib.schemas.columns import GROUPS

MELU = "melu"
KIND = RowKind("Users kept", "name", ("dataset", "sample", "role", "name", "label"))


def table_1(report: DataReport, comparison: Comparison, paper: PaperResults) -> Table:
    """Tabulate who has common values, the groups' shares and MeLU's error in each group.

    The paper's numbers are left out for sample data. Raises ValueError when the report and the
    comparison are of different splits.
    """
    if report.split_sha256 != comparison.split_sha256:
        raise ValueError(f"{report.dataset}: the report and the comparison are of different splits")
    task, beside_paper = comparison.task.kind, not report.sample
    melu = next((m for m in comparison.methods if m.name == MELU), None)
    shares = _printed_shares(report.dataset, paper) if beside_paper else None
    errors = _printed_errors(report.dataset, paper, task) if beside_paper else None
    features = tuple(Row(f.name, f.name) for f in report.grouping)
    return Table(
        dataset=report.dataset,
        sample=report.sample,
        title=titled(f"{report.title}: major and minor users", "Table 1", comparison),
        columns=(
            *beside(_shares(report), shares, _points),
            *beside(_errors(melu, task), errors, apart_by(metric_for("error", task))),
        ),
        blocks=(
            *([Block("feature", "With a common value of", features)] if features else []),
            Block("group", "In the group", tuple(Row(group, group) for group in GROUPS)),
        ),
        notes=(
            *_notes(report, comparison, melu),
            *(_paper_notes(report.dataset, paper) if beside_paper else ()),
        ),
        kind=KIND,
    )


def _points(share: float) -> Cell:
    return Cell(signed(100 * share, 1), (share,))


def _shares(report: DataReport) -> TableColumn:
    shares = {f.name: f.common_value_share or 0.0 for f in report.grouping}
    shares |= {group: report.users_by_group[group] / report.users for group in GROUPS}
    cells = {name: Cell(f"{100 * share:.1f} %", (share,)) for name, share in shares.items()}
    return TableColumn("Share", ("share",), cells)


def _printed_shares(dataset: str, paper: PaperResults) -> dict[str, Cell] | None:
    features, groups = paper.table_1.get(dataset), paper.table_6.get(dataset)
    cells: dict[str, Cell] = {}
    if features:
        cells |= {f: Cell(f"{p:.1f} %", (round(p / 100, 4),)) for f, p in features.percent.items()}
    if groups:
        percents = {"major": groups.major_percent, "minor": 100 - groups.major_percent}
        cells |= {group: Cell(f"{p:g} %", (round(p / 100, 4),)) for group, p in percents.items()}
    return cells or None


def _errors(melu: MethodResult | None, task: TaskKind) -> TableColumn:
    error = metric_for("error", task)
    fields = (f"melu_{error.name}_mean", f"melu_{error.name}_sd")
    header = f"MeLU {error.label}"
    if melu is None:
        return TableColumn(header, fields, {})
    behind = {group: sources([melu], [metric]) for group, metric in error_by_group(task).items()}
    return TableColumn(header, fields, _error_cells(melu.metrics, task), behind)


def _printed_errors(dataset: str, paper: PaperResults, task: TaskKind) -> dict[str, Cell] | None:
    table = paper.table_4.get(dataset)
    row = table.rows.get(MELU) if table else None
    return _error_cells(row.means, task) if row else None


def _error_cells(
    means: Mapping[str, Statistic] | Mapping[str, PaperMean], task: TaskKind
) -> dict[str, Cell]:
    return {
        group: Cell(spread_text(value, metric.digits), (value.mean, value.sd))
        for group, metric in error_by_group(task).items()
        if (value := means.get(metric.name))
    }


def _notes(report: DataReport, comparison: Comparison, melu: MethodResult | None) -> list[str]:
    common = (
        f"Common: one of the {100 * report.rules.top_share:g} % of a feature's values, rounded "
        "up, that most of them have. Major: with a common value in at least "
        f"{report.rules.major_features} of these {len(report.grouping)} features."
    )
    notes = [f"Share: of the {report.users:,} users kept. {comparison.activity_note or common}"]
    stopped = [method.note for method in comparison.stopped if method.name == MELU]
    if melu is None:
        notes += stopped or ["MeLU was not run."]
    else:
        notes += [
            f"{melu.label}: over the test users alone, {group_sizes(comparison)} ones.",
            over_seeds([melu]),
        ]
    return [*notes, split_note(comparison)]


def _paper_notes(dataset: str, paper: PaperResults) -> list[str]:
    found = [paper.table_1.get(dataset), paper.table_6.get(dataset)]
    if not any(found):
        return []
    source = (
        "diff.: ours − the paper's; of shares, in percentage points. paper: Yu et al. (2021), "
        "Tables 1 and 6"
    )
    melu = "; MeLU's MSE: Table 4" if dataset in paper.table_4 else ""
    return [f"{source}{melu}.", *(f"{part.note}." for part in found if part and part.note)]
