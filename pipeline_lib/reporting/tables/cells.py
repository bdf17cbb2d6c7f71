"""Numbers as they are printed in tables, texts and pages."""

from pipeline_lib.evaluation.comparison import Statistic
from pipeline_lib.reporting.paper import PaperMean
from pipeline_lib.reporting.tables.table import DASH, MINUS, Cell

SIGNIFICANT = 0.05


def spread_text(value: Statistic | PaperMean, digits: int) -> str:
    """Return a mean, and its standard deviation where there is one."""
    return f"{value.mean:.{digits}f}" + ("" if value.sd is None else f" ± {value.sd:.{digits}f}")


def signed(value: float, digits: int) -> str:
    """Return a difference with its sign."""
    return f"{value:+z.{digits}f}".replace("-", MINUS)


def p_cell(p: float, *, star: bool = False) -> Cell:
    """Return the p of a test."""
    return Cell(f"{p:.3f}" if p >= 0.001 else "< 0.001", (p,), star=star)


def holm_cell(p: float | None) -> Cell:
    """Return an adjusted p, starred where significant; a dash where nothing was tested."""
    return Cell(DASH, (None,)) if p is None else p_cell(p, star=p < SIGNIFICANT)


def effect_cell(value: float | None) -> Cell:
    """Return an effect size; a dash where there is none."""
    return Cell(DASH, (None,)) if value is None else Cell(signed(value, 2), (value,))


def interval_cell(low: float | None, high: float | None, form: str) -> Cell:
    """Return an interval, its ends in a format; a dash where there is none."""
    if low is None or high is None:
        return Cell(DASH, (None, None))
    return Cell(f"{low:{form}} to {high:{form}}".replace("-", MINUS), (low, high))
