"""A small run's report, and its page."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from pipeline_lib.evaluation.comparison import Comparison
from pipeline_lib.reporting.page.page import run_page
from pipeline_lib.reporting.page.report import RunReport
from pipeline_lib.reporting.paper import PaperResults
from tests.reporting.page.chromium import chromium
from tests.reporting.page.parsed import Page
from tests.reporting.page.small_run import small_run


@pytest.fixture(scope="session")
def report(
    compared: Comparison,
    clicks: Comparison,
    paper: PaperResults,
    tmp_path_factory: pytest.TempPathFactory,
) -> RunReport:
    return small_run([compared, clicks], paper, tmp_path_factory.mktemp("figures"))


@pytest.fixture(scope="session")
def html(report: RunReport) -> str:
    return run_page(report)


@pytest.fixture(scope="session")
def page(html: str) -> Page:
    return Page(html)


@pytest.fixture
def file(html: str, tmp_path: Path) -> Path:
    """The page on disk."""
    path = tmp_path / "report.html"
    path.write_text(html, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    with chromium(tmp_path_factory.mktemp("profile")) as started:
        yield started
