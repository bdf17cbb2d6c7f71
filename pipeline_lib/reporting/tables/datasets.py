"""The paper's Table 6: how large the datasets are."""

from collections.abc import Callable, Sequence
from functools import partial

from pipeline_lib.reporting.data_report.record import DataReport
from pipeline_lib.reporting.paper import PaperDataset, PaperResults
from pipeline_lib.reporting.tables.cells import number_cell, signed
from pipeline_lib.reporting.tables.columns import beside
from pipeline_lib.reporting.tables.notes import SPLIT_DIGITS
from pipeline_lib.reporting.tables.table import MINUS, Block, Cell, Row, RowKind, Table, TableColumn

_count = partial(number_cell, form=",")
_median = partial(number_cell, form=",g")
KIND = RowKind("Dataset", "dataset", ("sample", "dataset"))
OURS: list[tuple[str, tuple[str, ...], Callable[[DataReport], Cell]]] = [
    ("Users", ("users",), lambda r: _count(r.users)),
    ("Items", ("items",), lambda r: _count(r.clean_items)),
    ("met", ("items_met",), lambda r: _count(r.items)),
    ("Interactions", ("interactions",), lambda r: _count(r.interactions)),
    ("per user", ("interactions_per_user_median",), lambda r: _median(r.per_user.kept.median)),
    ("query", ("query_rows_per_user_median",), lambda r: _median(r.per_user.query.median)),
    (
        "Features",
        ("item_features", "user_features"),
        lambda r: _features(_of_items(r), _of_users(r)),
    ),
    (
        "Major : minor",
        ("major_share",),
        lambda r: _groups(100 * r.users_by_group["major"] / r.users, ".1f"),
    ),
]
PRINTED: dict[str, Callable[[PaperDataset], Cell]] = {
    "Users": lambda p: _count(p.users),
    "Items": lambda p: _count(p.items),
    "Features": lambda p: _features(p.item_features, p.user_features),
    "Major : minor": lambda p: _groups(p.major_percent, "g"),
}


def table_6(reports: Sequence[DataReport], paper: PaperResults) -> Table:
    """Tabulate users, items, interactions, features and groups of a run's datasets.

    The paper's numbers are left out for sample data.
    """
    sample = any(report.sample for report in reports)
    of_paper = any(report.of_paper for report in reports)
    names = () if sample else [r.dataset for r in reports if r.dataset in paper.table_6]
    printed = {name: paper.table_6[name] for name in names}
    return Table(
        dataset=None,
        sample=sample,
        title="The datasets" + (" (the paper's Table 6)" if of_paper else ""),
        columns=tuple(_columns(reports, printed)),
        blocks=(Block("dataset", None, tuple(Row(r.dataset, r.dataset) for r in reports)),),
        notes=tuple(_notes(reports, printed)),
        kind=KIND,
    )


def _columns(reports: Sequence[DataReport], printed: dict[str, PaperDataset]) -> list[TableColumn]:
    columns: list[TableColumn] = []
    for header, fields, own in OURS:
        ours = TableColumn(header, fields, {r.dataset: own(r) for r in reports})
        theirs = PRINTED.get(header) if printed else None
        cells = {name: theirs(dataset) for name, dataset in printed.items()} if theirs else None
        columns += beside(ours, cells, None if header == "Features" else _apart)
    return columns


def _apart(gap: float) -> Cell:
    text = signed(100 * gap, 1) if isinstance(gap, float) else f"{gap:+,}".replace("-", MINUS)
    return Cell(text, (round(gap, 12),))


def _notes(reports: Sequence[DataReport], printed: dict[str, PaperDataset]) -> list[str]:
    notes = [
        "Users: those kept. Items: the catalogue, that is all clean items; met: those that users "
        "kept have interactions with. Interactions: those of users kept; per user: their median; "
        "query: the median of those a user is judged on. Features: of items + of users. "
        "Major : minor: users kept, in %.",
    ]
    if printed:
        notes.append(
            "paper: Yu et al. (2021), Table 6. diff.: ours − the paper's; of major, in percentage "
            "points."
        )
    for report in reports:
        split = report.split_sha256[:SPLIT_DIGITS]
        ours = _listed(_of_items(report), _of_users(report))
        protocol = f"protocol: {report.rules.protocol()}"
        note = f"{report.dataset}: {report.title}; {ours}; {protocol}; split {split}."
        if theirs := printed.get(report.dataset):
            note += f" In the paper: {_listed(theirs.item_features, theirs.user_features)}."
            note += f" {theirs.note}." if theirs.note else ""
        notes.append(note)
    return notes


def _listed(items: Sequence[str], users: Sequence[str]) -> str:
    return f"items' features {', '.join(items) or 'none'}; users' {', '.join(users) or 'none'}"


def _of_items(report: DataReport) -> list[str]:
    return [*(f.name for f in report.item_features), *report.computed_features]


def _of_users(report: DataReport) -> list[str]:
    return [f.name for f in report.user_features]


def _features(items: Sequence[str], users: Sequence[str]) -> Cell:
    return Cell(f"{len(items)} + {len(users)}", (", ".join(items), ", ".join(users)))


def _groups(major_percent: float, form: str) -> Cell:
    text = f"{major_percent:{form}} : {100 - major_percent:{form}}"
    return Cell(text, (round(major_percent / 100, 12),))
