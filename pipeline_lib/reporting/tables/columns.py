"""The columns of the tables: ours, the paper's, and the difference between them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

from pipeline_lib.evaluation.comparison import Gap, MethodResult, Pair, SplitPair, Statistic
from pipeline_lib.metrics.metric import Metric
from pipeline_lib.reporting.paper import PaperTable
from pipeline_lib.reporting.tables.cells import (
    SIGNIFICANT,
    interval_cell,
    number_cell,
    p_cell,
    spread_text,
)
from pipeline_lib.reporting.tables.table import Cell, Rank, Sources, TableColumn

RANKS: dict[int, Rank] = {0: "best", 1: "second"}
OURS = ("proposed", "ablation")  # roles of methods that are tested against the best baseline
PRINTED_VALUES = 2  # the paper prints a mean and its deviation, and no test against a baseline


@dataclass(frozen=True)
class Against:
    """What methods are tested against, seeds against seeds, and whether better ones are starred.

    field: of `Statistic`, the p. rivals: by metric, the best baseline, or else PAML.
    """

    field: Literal["baseline_p", "paml_p"]
    rivals: Mapping[str, MethodResult]
    starred: bool

    def p(self, statistic: Statistic) -> float | None:
        """Return the p of the test; None where none was made."""
        found: float | None = getattr(statistic, self.field)
        return found

    def stars(self, method: MethodResult, metric: Metric) -> bool:
        """Return whether a method is starred: a proposed one or an ablation that is better."""
        statistic, rival = method.metrics[metric.name], self.rivals.get(metric.name)
        p = self.p(statistic)
        if not self.starred or method.role not in OURS or p is None or rival is None:
            return False
        return p < SIGNIFICANT and metric.loss(statistic.mean) < metric.loss(
            rival.metrics[metric.name].mean
        )

    def named(self, metrics: Sequence[Metric]) -> str:
        """Return in words what methods are tested against."""
        found = [(m, self.rivals[m.name].label) for m in metrics if m.name in self.rivals]
        if self.field == "paml_p":
            return found[0][1]
        return f"the best baseline ({'; '.join(f'{m.label}: {label}' for m, label in found)})"


def beside(
    ours: TableColumn,
    printed: Mapping[str, Cell] | None,
    apart: Callable[[float], Cell] | None = None,
) -> list[TableColumn]:
    """Return our column, then the paper's, then our first values minus the paper's.

    printed: None where the paper has nothing. apart: prints a difference; None: there is none.
    """
    if printed is None:
        return [ours]
    fields = ours.fields[:PRINTED_VALUES]
    theirs = TableColumn("paper", tuple(f"paper_{field}" for field in fields), printed)
    if apart is None:
        return [ours, theirs]
    cells = {
        name: apart(mine - other)
        for name, cell in printed.items()
        if name in ours.cells
        for mine, other in [(ours.cells[name].values[0], cell.values[0])]
        if isinstance(mine, float | int) and isinstance(other, float | int)
    }
    field = f"{fields[0].removesuffix('_mean')}_difference"
    return [ours, theirs, TableColumn("diff.", (field,), cells, ours.sources)]


def metric_columns(
    methods: Sequence[MethodResult], metric: Metric, paper: PaperTable | None, against: Against
) -> list[TableColumn]:
    """Return a metric of every method, the best two marked, and the paper's means beside it."""
    rows = paper.rows.items() if paper else ()
    printed = {
        name: Cell(
            spread_text(mean, metric.digits), (mean.mean, mean.sd), star=metric.name in row.starred
        )
        for name, row in rows
        if (mean := row.means.get(metric.name))
    }
    return beside(_measured(methods, metric, against), printed if paper else None, apart_by(metric))


def apart_by(metric: Metric) -> Callable[[float], Cell]:
    """Return what prints a difference of a metric."""
    return lambda gap: number_cell(gap, f"+z.{metric.digits}f")


def group_p_columns(
    methods: Sequence[MethodResult], errors: Sequence[Metric], paper: PaperTable | None
) -> list[TableColumn]:
    """Return the p between major and minor users, and the paper's."""
    ours = {m.name: p_cell(m.gap.p) for m in methods if m.gap}
    printed = {name: p_cell(row.p) for name, row in paper.rows.items()} if paper else None
    return beside(TableColumn("p", ("group_p",), ours, sources_of(methods, errors)), printed)


def mean_columns(methods: Sequence[MethodResult], metric: Metric) -> list[TableColumn]:
    """Return each method's mean and its interval."""
    name, form = metric.name, f".{metric.digits}f"
    found = {m.name: m.metrics[name] for m in methods if name in m.metrics}
    means = {method: number_cell(s.mean, form) for method, s in found.items()}
    intervals = {method: interval_cell(s.low, s.high, form) for method, s in found.items()}
    behind = sources_of(methods, [metric])
    return [
        TableColumn(metric.label, (f"{name}_mean",), means, behind),
        TableColumn("95 % CI", (f"{name}_low", f"{name}_high"), intervals, behind),
    ]


def difference_columns(
    found: Mapping[str, Pair | Gap | SplitPair], column: TableColumn, digits: int
) -> list[TableColumn]:
    """Return differences, their intervals, effects and adjusted p.

    column: without cells, the header, field and sources of the differences themselves.
    """
    field, form = column.fields[0], f"+z.{digits}f"
    shown: list[tuple[str, tuple[str, ...], Callable[[Pair | Gap | SplitPair], Cell]]] = [
        (column.header, (field,), lambda v: number_cell(v.difference, form)),
        (
            "95 % CI",
            (f"{field}_low", f"{field}_high"),
            lambda v: interval_cell(v.low, v.high, form),
        ),
        ("d", (f"{field}_d",), lambda v: number_cell(v.effect, "+z.2f")),
        ("Holm p", (f"{field}_holm_p",), lambda v: p_cell(v.holm_p, star=True)),
    ]
    return [
        TableColumn(header, fields, {name: cell(v) for name, v in found.items()}, column.sources)
        for header, fields, cell in shown
    ]


def sources(methods: Iterable[MethodResult], metrics: Iterable[Metric]) -> Sources:
    """Return every pair of a method and a metric that it has."""
    return tuple((m, x) for m, x in product(methods, metrics) if x.name in m.metrics)


def sources_of(
    methods: Iterable[MethodResult], metrics: Sequence[Metric], *rivals: MethodResult
) -> dict[str, Sources]:
    """Return each method's sources by its name; rivals: whose values are behind every method's."""
    return {m.name: sources([m, *rivals], metrics) for m in methods}


def _measured(methods: Sequence[MethodResult], metric: Metric, against: Against) -> TableColumn:
    """Mark the best two by their unrounded means."""
    found = [(m, m.metrics[metric.name]) for m in methods if metric.name in m.metrics]
    ordered = sorted({s.mean for _, s in found}, key=metric.loss)
    cells = {
        m.name: Cell(
            text=spread_text(s, metric.digits),
            values=(s.mean, s.sd, against.p(s)),
            rank=RANKS.get(ordered.index(s.mean)),
            star=against.stars(m, metric),
        )
        for m, s in found
    }
    fields = (f"{metric.name}_mean", f"{metric.name}_sd", f"{metric.name}_{against.field}")
    return TableColumn(metric.label, fields, cells, sources_of(methods, [metric]))
