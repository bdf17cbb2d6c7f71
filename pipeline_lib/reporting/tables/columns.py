"""The columns of the tables: ours, the paper's, and the difference between them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import product

from pipeline_lib.evaluation.comparison import Gap, MethodResult, Pair
from pipeline_lib.metrics.registry import Metric
from pipeline_lib.reporting.paper import PaperTable
from pipeline_lib.reporting.tables.cells import (
    SIGNIFICANT,
    effect_cell,
    holm_cell,
    interval_cell,
    p_cell,
    signed,
    spread_text,
)
from pipeline_lib.reporting.tables.table import Cell, Column, Rank, Sources

RANKS: dict[int, Rank] = {0: "best", 1: "second"}
OURS = ("proposed", "ablation")  # roles of methods that are tested against the best baseline


def beside(
    ours: Column, theirs: Column | None, apart: Callable[[float], Cell] | None = None
) -> list[Column]:
    """Return our column, then the paper's, then our first values minus the paper's.

    theirs: None where the paper has nothing. apart: prints a difference; None: there is none.
    """
    if theirs is None:
        return [ours]
    if apart is None:
        return [ours, theirs]
    cells = {
        name: apart(mine - printed)
        for name, cell in theirs.cells.items()
        if name in ours.cells
        for mine, printed in [(ours.cells[name].values[0], cell.values[0])]
        if isinstance(mine, float | int) and isinstance(printed, float | int)
    }
    behind = {name: cell.sources for name, cell in ours.cells.items()}
    field = f"{ours.fields[0].removesuffix('_mean')}_difference"
    return [ours, theirs, Column("diff.", (field,), _sourced(cells, behind))]


def metric_columns(
    methods: Sequence[MethodResult], metric: Metric, paper: PaperTable | None
) -> list[Column]:
    """Return a metric of every method, the best two marked, and the paper's means beside it."""
    theirs = _printed(paper, metric) if paper else None
    return beside(_measured(methods, metric), theirs, apart_by(metric))


def apart_by(metric: Metric) -> Callable[[float], Cell]:
    """Return what prints a difference of a metric."""
    return lambda gap: Cell(signed(gap, metric.digits), (gap,))


def group_p_columns(
    methods: Sequence[MethodResult], errors: Sequence[Metric], paper: PaperTable | None
) -> list[Column]:
    """Return the p between major and minor users, starred where significant, and the paper's."""
    ours = {
        m.name: replace(p_cell(m.gap.p, star=m.gap.p < SIGNIFICANT), sources=sources([m], errors))
        for m in methods
        if m.gap and m.gap.p is not None
    }
    printed = (
        {n: p_cell(row.p) for n, row in paper.rows.items() if row.p is not None} if paper else {}
    )
    theirs = Column("paper", ("paper_group_p",), printed) if paper else None
    return beside(Column("p", ("group_p",), ours), theirs)


def mean_columns(methods: Sequence[MethodResult], metric: Metric) -> list[Column]:
    """Return each method's mean and its interval."""
    n = metric.digits
    found = [(m, m.metrics[metric.name]) for m in methods if metric.name in m.metrics]
    means = {m.name: Cell(f"{s.mean:.{n}f}", (s.mean,)) for m, s in found}
    intervals = {m.name: interval_cell(s.low, s.high, f".{n}f") for m, s in found}
    behind = {m.name: sources([m], [metric]) for m in methods}
    return [
        Column(metric.label, (f"{metric.name}_mean",), _sourced(means, behind)),
        Column(
            "95 % CI", (f"{metric.name}_low", f"{metric.name}_high"), _sourced(intervals, behind)
        ),
    ]


def pair_columns(
    pairs: Mapping[str, Pair], metric: Metric, role: str, behind: Mapping[str, Sources]
) -> list[Column]:
    """Return the differences from the best rival of a role; behind: their sources by method."""
    return _difference_columns(pairs, metric, (f"Δ {role}", f"minus_{role}"), behind)


def gap_columns(
    gaps: Mapping[str, Gap], error: Metric, behind: Mapping[str, Sources]
) -> list[Column]:
    """Return gaps between groups, the p of the test before the adjusted one."""
    *columns, holm = _difference_columns(gaps, error, ("gap", "gap"), behind)
    p = {name: p_cell(gap.p) for name, gap in gaps.items() if gap.p is not None}
    return [*columns, Column("p", (f"{error.name}_gap_p",), _sourced(p, behind)), holm]


def sources(methods: Iterable[MethodResult], metrics: Iterable[Metric]) -> Sources:
    """Return every pair of a method and a metric that it has."""
    return tuple((m, x) for m, x in product(methods, metrics) if x.name in m.metrics)


def _measured(methods: Sequence[MethodResult], metric: Metric) -> Column:
    """Mark the best two by their unrounded means."""
    found = [(m, m.metrics[metric.name]) for m in methods if metric.name in m.metrics]
    ordered = sorted({s.mean for _, s in found}, key=metric.loss)
    cells = {
        m.name: Cell(
            text=spread_text(s, metric.digits),
            values=(s.mean, s.sd, s.baseline_p),
            rank=RANKS.get(ordered.index(s.mean)),
            star=m.role in OURS and s.baseline_p is not None and s.baseline_p < SIGNIFICANT,
            sources=sources([m], [metric]),
        )
        for m, s in found
    }
    fields = (f"{metric.name}_mean", f"{metric.name}_sd", f"{metric.name}_baseline_p")
    return Column(metric.label, fields, cells)


def _printed(paper: PaperTable, metric: Metric) -> Column:
    cells = {
        name: Cell(spread_text(printed, metric.digits), (printed.mean, printed.sd))
        for name, row in paper.rows.items()
        if (printed := row.means.get(metric.name))
    }
    return Column("paper", (f"paper_{metric.name}_mean", f"paper_{metric.name}_sd"), cells)


def _difference_columns(
    found: Mapping[str, Pair | Gap],
    metric: Metric,
    named: tuple[str, str],
    behind: Mapping[str, Sources],
) -> list[Column]:
    """Return differences, their intervals, effects and adjusted p."""
    header, field = named[0], f"{metric.name}_{named[1]}"
    form = f"+z.{metric.digits}f"
    shown: list[tuple[str, tuple[str, ...], Callable[[Pair | Gap], Cell]]] = [
        (header, (field,), lambda v: Cell(signed(v.difference, metric.digits), (v.difference,))),
        (
            "95 % CI",
            (f"{field}_low", f"{field}_high"),
            lambda v: interval_cell(v.low, v.high, form),
        ),
        ("d", (f"{field}_d",), lambda v: effect_cell(v.effect)),
        ("Holm p", (f"{field}_holm_p",), lambda v: holm_cell(v.holm_p)),
    ]
    return [
        Column(header, fields, _sourced({name: cell(v) for name, v in found.items()}, behind))
        for header, fields, cell in shown
    ]


def _sourced(cells: Mapping[str, Cell], behind: Mapping[str, Sources]) -> dict[str, Cell]:
    return {name: replace(cell, sources=behind[name]) for name, cell in cells.items()}
