"""The columns of the tables: ours, the paper's, and the difference between them."""

from collections.abc import Callable, Mapping, Sequence

from pipeline_lib.evaluation.comparison import Gap, MethodResult, Pair, Statistic
from pipeline_lib.metrics.registry import METRICS
from pipeline_lib.reporting.paper import Figure, Metric, PaperTable
from pipeline_lib.reporting.tables.table import DASH, MINUS, Cell, Column, Rank

HEADERS: dict[Metric, str] = {
    "mse": "MSE",
    "ndcg_3": "nDCG@3",
    "ndcg_5": "nDCG@5",
    "mse_major": "MSE major",
    "mse_minor": "MSE minor",
    "nel": "NEL",
    "auc": "AUC",
    "auc_user": "AUC per user",
    "nel_major": "NEL major",
    "nel_minor": "NEL minor",
    "auc_major": "AUC major",
    "auc_minor": "AUC minor",
}
HIGHER_IS_BETTER = {
    name for metrics in METRICS.values() for name, m in metrics.items() if m.higher_is_better
}
RANKS: dict[int, Rank] = {0: "best", 1: "second"}
SIGNIFICANT = 0.05
OURS = ("proposed", "ablation")  # roles of methods that are tested against the best baseline


def measured(methods: Sequence[MethodResult], metric: Metric) -> Column:
    """Show a metric of every method, the best two marked, on unrounded means."""
    has_metric = [m for m in methods if metric in m.metrics]
    means = {m.metrics[metric].mean for m in has_metric}
    ordered = sorted(means, reverse=metric in HIGHER_IS_BETTER)
    return Column(
        header=HEADERS[metric],
        fields=(f"{metric}_mean", f"{metric}_sd", f"{metric}_baseline_p"),
        cells={m.name: _measured_cell(m, metric, ordered) for m in has_metric},
    )


def printed(paper: PaperTable, metric: Metric) -> Column:
    """Show what the paper gives for a metric."""
    return Column(
        header="paper",
        fields=(f"paper_{metric}_mean", f"paper_{metric}_sd"),
        cells={
            name: Cell(spread_text(figure, metric), (figure.mean, figure.sd))
            for name, row in paper.rows.items()
            if (figure := row.figures.get(metric))
        },
    )


def difference(methods: Sequence[MethodResult], paper: PaperTable, metric: Metric) -> Column:
    """Show our mean minus the paper's."""
    ours = {m.name: m.metrics[metric].mean for m in methods if metric in m.metrics}
    gaps = {
        name: ours[name] - figure.mean
        for name, row in paper.rows.items()
        if name in ours and (figure := row.figures.get(metric))
    }
    cells = {name: Cell(signed(gap, digits(metric)), (gap,)) for name, gap in gaps.items()}
    return Column("diff.", (f"{metric}_difference",), cells)


def group_p(methods: Sequence[MethodResult]) -> Column:
    """Show the p between major and minor users, starred where significant."""
    values = {m.name: m.gap.p for m in methods if m.gap}
    cells = {name: p_cell(p, p < SIGNIFICANT) for name, p in values.items() if p is not None}
    return Column("p", ("group_p",), cells)


def printed_group_p(paper: PaperTable) -> Column:
    """Show the paper's p between major and minor users."""
    values = {name: row.p for name, row in paper.rows.items()}
    cells = {name: p_cell(p, star=False) for name, p in values.items() if p is not None}
    return Column("paper", ("paper_group_p",), cells)


def spread_text(value: Statistic | Figure, metric: Metric) -> str:
    """Print a mean, and its standard deviation where there is one."""
    n = digits(metric)
    return f"{value.mean:.{n}f}" + ("" if value.sd is None else f" ± {value.sd:.{n}f}")


def digits(metric: Metric) -> int:
    """Say how many digits the paper prints of a metric."""
    return 4 if metric.startswith(("nel", "auc")) else 3


def signed(value: float, decimals: int) -> str:
    """Print a difference with its sign."""
    return f"{value:+z.{decimals}f}".replace("-", MINUS)


def p_cell(p: float, star: bool) -> Cell:
    """Print the p of a test."""
    return Cell(f"{p:.3f}" if p >= 0.001 else "< 0.001", (p,), star=star)


def _measured_cell(method: MethodResult, metric: Metric, ordered: list[float]) -> Cell:
    statistic = method.metrics[metric]
    p = statistic.baseline_p
    return Cell(
        text=spread_text(statistic, metric),
        values=(statistic.mean, statistic.sd, p),
        rank=RANKS.get(ordered.index(statistic.mean)),
        star=method.role in OURS and p is not None and p < SIGNIFICANT,
    )


Difference = Pair | Gap


def mean_columns(methods: Sequence[MethodResult], metric: Metric) -> list[Column]:
    """Show each method's mean and its interval."""
    n = digits(metric)
    found = {m.name: m.metrics[metric] for m in methods if metric in m.metrics}
    means = {name: Cell(f"{s.mean:.{n}f}", (s.mean,)) for name, s in found.items()}
    intervals = {name: _interval(s.low, s.high, f".{n}f") for name, s in found.items()}
    return [
        Column(HEADERS[metric], (f"{metric}_mean",), means),
        Column("95 % CI", (f"{metric}_low", f"{metric}_high"), intervals),
    ]


def difference_columns(
    found: Mapping[str, Difference], metric: Metric, header: str, field: str
) -> list[Column]:
    """Show differences, their intervals, effects and adjusted p."""
    n = digits(metric)
    shown: list[tuple[str, tuple[str, ...], Callable[[Difference], Cell]]] = [
        (header, (field,), lambda v: Cell(signed(v.difference, n), (v.difference,))),
        (
            "95 % CI",
            (f"{field}_low", f"{field}_high"),
            lambda v: _interval(v.low, v.high, f"+z.{n}f"),
        ),
        ("d", (f"{field}_d",), lambda v: _effect(v.effect)),
        ("Holm p", (f"{field}_holm_p",), lambda v: _holm(v.holm_p)),
    ]
    return [
        Column(header, fields, {name: cell(value) for name, value in found.items()})
        for header, fields, cell in shown
    ]


def gap_columns(gaps: Mapping[str, Gap], error: Metric) -> list[Column]:
    """Show gaps between groups, the p of the test before the adjusted one."""
    *columns, holm = difference_columns(gaps, error, "gap", f"{error}_gap")
    p = {name: p_cell(gap.p, star=False) for name, gap in gaps.items() if gap.p is not None}
    return [*columns, Column("p", (f"{error}_gap_p",), p), holm]


def _interval(low: float | None, high: float | None, form: str) -> Cell:
    if low is None or high is None:
        return Cell(DASH, (None, None))
    return Cell(f"{low:{form}} to {high:{form}}".replace("-", MINUS), (low, high))


def _effect(value: float | None) -> Cell:
    return Cell(DASH, (None,)) if value is None else Cell(signed(value, 2), (value,))


def _holm(p: float | None) -> Cell:
    return Cell(DASH, (None,)) if p is None else p_cell(p, p < SIGNIFICANT)
