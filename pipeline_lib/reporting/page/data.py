"""The data report as one HTML page that needs nothing beside it: no script, no other file."""

from collections.abc import Iterable
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from pipeline_lib.evaluation.comparison import ACTIVITY
from pipeline_lib.reporting.data_report.record import DataReport, Size
from pipeline_lib.reporting.page.data_figures import data_figure
from pipeline_lib.reporting.tables.table import DASH, SAMPLE
from pipeline_lib.schemas.columns import FOLDS, GROUPS


def data_page(report: DataReport) -> str:
    """Render the page; every text of the logs is escaped."""
    return templates().get_template("data_report.html").render(report=report)


@cache  # so that each is compiled once
def templates() -> Environment:
    """Return the pages' templates: texts are escaped, and what is undefined is an error."""
    environment = Environment(
        loader=PackageLoader("pipeline_lib.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "ACTIVITY": ACTIVITY,
        "SAMPLE": SAMPLE,
        "FOLDS": FOLDS,
        "GROUPS": GROUPS,
    }
    environment.filters |= {
        "count": _count,
        "mean": "{:,.1f}".format,
        "percent": _percent,
        "visible": _visible,
        "total": _total,
        "figure": data_figure,
    }
    return environment


def _total(sizes: Iterable[Size]) -> dict[str, int]:
    chosen = list(sizes)
    return {name: sum(getattr(s, name) for s in chosen) for name in ("users", "support", "query")}


def _count(number: float) -> str:
    return f"{number:,.0f}" if float(number).is_integer() else f"{number:,.1f}"


def _percent(part: float, whole: float = 1) -> str:
    """Round so that only all is 100 % and only none is 0 %."""
    if not whole:
        return DASH
    share = 100 * part / whole
    near = min(max(share, 0.1), 99.9) if 0 < share < 100 else share
    return f"{near:.1f} %" if near % 1 else f"{near:.0f} %"


def _visible(text: str) -> str:
    """Write out what would show as nothing or turn the text around."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
