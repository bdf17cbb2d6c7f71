"""The columns of tables user by user: means, intervals, and differences with their tests."""

from collections.abc import Callable, Mapping, Sequence

from pipeline_lib.comparison.record import Gap, MethodResult, Pair
from pipeline_lib.reporting.columns import HEADERS, SIGNIFICANT, digits, p_cell, signed
from pipeline_lib.reporting.layout import DASH, MINUS, Cell, Column
from pipeline_lib.reporting.paper import Metric

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
