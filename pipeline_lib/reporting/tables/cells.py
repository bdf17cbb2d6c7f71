"""Numbers as they are printed in tables, texts and pages."""

from pipeline_lib.evaluation.comparison import Statistic
from pipeline_lib.evaluation.splits import SplitStatistic
from pipeline_lib.reporting.paper import PaperMean
from pipeline_lib.reporting.tables.table import DASH, MINUS, Cell

SIGNIFICANT = 0.05


def spread_text(value: Statistic | SplitStatistic | PaperMean, digits: int) -> str:
    """Return a mean, and its standard deviation where there is one."""
    mean = f"{value.mean:.{digits}f}".replace("-", MINUS)
    return mean if value.sd is None else f"{mean} ± {value.sd:.{digits}f}"


def signed(value: float, digits: int) -> str:
    """Return a difference with its sign."""
    return f"{value:+z.{digits}f}".replace("-", MINUS)


def number_cell(value: float | None, form: str) -> Cell:
    """Return a number in a format; a dash where there is none."""
    return Cell(DASH if value is None else f"{value:{form}}".replace("-", MINUS), (value,))


def p_cell(p: float | None, *, star: bool = False) -> Cell:
    """Return the p of a test, starred on request where significant; a dash where none was made."""
    if p is None:
        return Cell(DASH, (None,))
    return Cell(f"{p:.3f}" if p >= 0.001 else "< 0.001", (p,), star=star and p < SIGNIFICANT)


def interval_cell(low: float | None, high: float | None, form: str) -> Cell:
    """Return an interval, its ends in a format; a dash where there is none."""
    if low is None or high is None:
        return Cell(DASH, (None, None))
    return Cell(f"{low:{form}} to {high:{form}}".replace("-", MINUS), (low, high))
