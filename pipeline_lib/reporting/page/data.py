"""The data report as one HTML page that needs nothing beside it: no script, no other file."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pipeline_lib.reporting.data_report.record import DataReport, Size
from pipeline_lib.reporting.page.data_figures import interactions_by_target, users_by_interactions
from pipeline_lib.reporting.tables.table import DASH, SAMPLE
from pipeline_lib.schemas.columns import FOLDS, GROUPS

Counts = dict[str, int]
LOADER = PackageLoader("pipeline_lib.reporting")


@dataclass(frozen=True)
class DataView:
    """A data report with the sums and figures that its page shows; see `data_report_body.html`."""

    report: DataReport
    folds: list[tuple[str, Counts]]
    groups: list[tuple[str, Counts]]
    total: Counts
    figures: dict[str, Markup]


def data_page(report: DataReport) -> str:
    """Render the page; every text of the logs is escaped."""
    template = templates().get_template("data_report.html")
    return template.render(
        data=data_view(report),
        sample_label=SAMPLE,
        css=Markup(source("base.css")),  # noqa: S704 - our own file
    )


def data_view(report: DataReport) -> DataView:
    """Sum up sizes and draw the figures."""
    return DataView(
        report=report,
        folds=[(fold, _total(s for s in report.sizes if s.fold == fold)) for fold in FOLDS],
        groups=[(group, _total(s for s in report.sizes if s.group == group)) for group in GROUPS],
        total=_total(report.sizes),
        figures={
            "users": users_by_interactions(report),
            "targets": interactions_by_target(report),
        },
    )


def source(name: str) -> str:
    """Read a file of the templates as it is."""
    return LOADER.get_source(templates(), name)[0]


@cache
def templates() -> Environment:
    """Set up the pages' templates: texts are escaped, and what is undefined is an error."""
    environment = Environment(
        loader=LOADER,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "count": _count,
        "mean": _mean,
        "percent": _percent,
        "known": lambda c: _percent(c.known, c.rows),
        "visible": _visible,
    }
    return environment


def _total(sizes: Iterable[Size]) -> Counts:
    chosen = list(sizes)
    return {name: sum(getattr(s, name) for s in chosen) for name in ("users", "support", "query")}


def _count(number: float) -> str:
    return f"{number:,.0f}" if float(number).is_integer() else f"{number:,.1f}"


def _mean(number: float) -> str:
    return f"{number:,.1f}"


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
