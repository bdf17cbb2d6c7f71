"""A run's report as one HTML page that needs nothing beside it."""

from base64 import b64encode
from hashlib import sha256
from importlib.resources import files

from markupsafe import Markup

from pipeline_lib.reporting.page.data import templates
from pipeline_lib.reporting.page.report import RunReport
from pipeline_lib.reporting.page.runs import environments, row_attributes, runs_links, runs_table
from pipeline_lib.reporting.page.summary import dataset_tiles, run_tiles, verdict

SCRIPT = files("pipeline_lib.reporting") / "templates/run.js"


def run_page(report: RunReport) -> str:
    """Render the page; every text is escaped, and no script but the page's own can run."""
    script = SCRIPT.read_text(encoding="utf-8")
    pages = templates()
    pages.filters |= {
        "run_tiles": run_tiles,
        "dataset_tiles": dataset_tiles,
        "verdict": verdict,
        "runs_links": runs_links,
        "runs_table": runs_table,
        "row_attributes": row_attributes,
    }
    return pages.get_template("run.html").render(
        report=report,
        sections={part.comparison.dataset: part.comparison.dataset for part in report.datasets},
        known=environments(report),
        script=Markup(script),  # noqa: S704 - our own file
        script_hash=f"sha256-{b64encode(sha256(script.encode()).digest()).decode()}",
    )
