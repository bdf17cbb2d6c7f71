"""The paper's Table 1: how common users' values are, and how well MeLU does in each group."""

from collections.abc import Callable, Mapping

from pipeline_lib.evaluation.comparison import Comparison, MethodResult, Statistic
from pipeline_lib.metrics.registry import USER_ERROR
from pipeline_lib.reporting.data_report.record import DataReport
from pipeline_lib.reporting.paper import Figure, Metric, PaperFigures
from pipeline_lib.reporting.tables.columns import HEADERS, signed, spread_text
from pipeline_lib.reporting.tables.notes import (
    SPLIT_DIGITS,
    group_sizes,
    over_seeds,
    sample_note,
    titled,
)
from pipeline_lib.reporting.tables.table import Block, Cell, Column, Row, RowKind, Table
from pipeline_lib.schemas.columns import GROUPS

MELU = "melu"
KIND = RowKind("Users kept", "name", ("dataset", "sample", "role", "name", "label"))
ERRORS: dict[str, dict[str, Metric]] = {
    "mse": {"major": "mse_major", "minor": "mse_minor"},
    "nel": {"major": "nel_major", "minor": "nel_minor"},
}


def table_1(report: DataReport, comparison: Comparison, paper: PaperFigures) -> Table:
    """Tabulate who has common values, the groups' shares and MeLU's error in each group.

    The paper's figures are left out for sample data. Raises ValueError when the report and the
    comparison are of different splits.
    """
    if report.split_sha256 != comparison.split_sha256:
        raise ValueError(f"{report.dataset}: the report and the comparison are of different splits")
    error = USER_ERROR[comparison.task.kind]
    melu = next((m for m in comparison.methods if m.name == MELU), None)
    field = f"melu_{error}"
    ours = _errors(f"MeLU {HEADERS[error]}", field, error, melu.metrics if melu else {})
    columns = [_shares(report), ours]
    if not report.sample:
        columns = [
            *_beside(columns[0], _printed_shares(report.dataset, paper), "share", _points),
            *_beside(ours, _printed_errors(report.dataset, paper, error), field, _errors_apart),
        ]
    return Table(
        dataset=report.dataset,
        sample=report.sample,
        title=titled(f"{report.title}: major and minor users (the paper's Table 1)", report.sample),
        columns=tuple(columns),
        blocks=(
            Block(
                "feature",
                "With a common value of",
                tuple(Row(f.name, f.name) for f in report.grouping),
            ),
            Block("group", "In the group", tuple(Row(group, group) for group in GROUPS)),
        ),
        notes=(
            *_notes(report, comparison, melu),
            *(() if report.sample else _paper_notes(report.dataset, paper)),
        ),
        kind=KIND,
    )


def _beside(
    ours: Column, theirs: Column | None, field: str, text: Callable[[float], str]
) -> list[Column]:
    """Put the paper's column beside ours, and the difference of what both have."""
    if theirs is None:
        return [ours]
    gaps = {
        name: mine - printed
        for name, cell in theirs.cells.items()
        if name in ours.cells
        for mine, printed in [(ours.cells[name].values[0], cell.values[0])]
        if isinstance(mine, float) and isinstance(printed, float)
    }
    cells = {name: Cell(text(gap), (gap,)) for name, gap in gaps.items()}
    return [ours, theirs, Column("diff.", (f"{field}_difference",), cells)]


def _points(share: float) -> str:
    return signed(100 * share, 1)


def _errors_apart(error: float) -> str:
    return signed(error, 3)


def _shares(report: DataReport) -> Column:
    shares = {f.name: f.common_value_share or 0.0 for f in report.grouping}
    shares |= {group: report.users_by_group[group] / report.users for group in GROUPS}
    cells = {name: Cell(f"{100 * share:.1f} %", (share,)) for name, share in shares.items()}
    return Column("Share", ("share",), cells)


def _printed_shares(dataset: str, paper: PaperFigures) -> Column | None:
    features, groups = paper.table_1.get(dataset), paper.table_6.get(dataset)
    cells: dict[str, Cell] = {}
    if features:
        cells |= {f: Cell(f"{p:.1f} %", (round(p / 100, 4),)) for f, p in features.percent.items()}
    if groups:
        percents = {"major": groups.major_percent, "minor": 100 - groups.major_percent}
        cells |= {group: Cell(f"{p:g} %", (round(p / 100, 4),)) for group, p in percents.items()}
    return Column("paper", ("paper_share",), cells) if cells else None


def _errors(
    header: str, field: str, error: str, values: Mapping[str, Statistic] | Mapping[Metric, Figure]
) -> Column:
    cells = {
        group: Cell(spread_text(value, metric), (value.mean, value.sd))
        for group, metric in ERRORS[error].items()
        for value in [values.get(metric)]
        if value
    }
    return Column(header, (f"{field}_mean", f"{field}_sd"), cells)


def _printed_errors(dataset: str, paper: PaperFigures, error: str) -> Column | None:
    table = paper.table_4.get(dataset)
    row = table.rows.get(MELU) if table else None
    return _errors("paper", f"paper_melu_{error}", error, row.figures) if row else None


def _notes(report: DataReport, comparison: Comparison, melu: MethodResult | None) -> list[str]:
    notes = [
        *sample_note(report.sample),
        f"Share: of the {report.users:,} users kept. Common: one of the "
        f"{100 * report.rules.top_share:g} % of a feature's values, rounded up, that most of them "
        f"have. Major: with a common value in at least {report.rules.major_features} of these "
        f"{len(report.grouping)} features.",
    ]
    if melu is None:
        notes.append("MeLU was not run.")
    else:
        notes += [
            f"{melu.label}: over the test users alone, {group_sizes(comparison)} ones.",
            over_seeds([melu]),
        ]
    return [*notes, f"Split {report.split_sha256[:SPLIT_DIGITS]}."]


def _paper_notes(dataset: str, paper: PaperFigures) -> list[str]:
    found = [paper.table_1.get(dataset), paper.table_6.get(dataset)]
    if not any(found):
        return []
    source = (
        "diff.: ours − the paper's; of shares, in percentage points. paper: Yu et al. (2021), "
        "Tables 1 and 6"
    )
    melu = "; MeLU's MSE: Table 4" if dataset in paper.table_4 else ""
    return [f"{source}{melu}.", *(f"{part.note}." for part in found if part and part.note)]
