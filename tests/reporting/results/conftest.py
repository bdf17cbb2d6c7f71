"""Expressions of the text, rendered on a finished run."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemBytecodeCache

from pipeline_lib.evaluation.comparison import Comparison
from pipeline_lib.reporting.paper import PaperResults
from pipeline_lib.reporting.results.page import render_results
from pipeline_lib.reporting.results.runs import Run
from tests.reporting.results_world import COMMAND, dataset_results

Render = Callable[[str], str]


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture(autouse=True)
def compile_once(monkeypatch: pytest.MonkeyPatch, compiled: FileSystemBytecodeCache) -> None:
    """Compile the template of tables once for all tests; its code is known by its checksum."""
    environment = partial(Environment, bytecode_cache=compiled)
    monkeypatch.setattr("pipeline_lib.reporting.results.page.Environment", environment)


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "docs/images/results"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def render_of(paper: PaperResults, tmp_path: Path, images: Path) -> Callable[..., Render]:
    """Render expressions on a run of some comparisons."""

    def _render_of(*comparisons: Comparison) -> Render:
        found = {c.dataset: dataset_results(c, tmp_path / c.dataset) for c in comparisons}
        runs = {"paper": Run(COMMAND, found)}
        return lambda asked: render_results(f"{{{{ {asked} }}}}", runs, paper, images).rstrip()

    return _render_of


@pytest.fixture
def render(compared: Comparison, clicks: Comparison, render_of: Callable[..., Render]) -> Render:
    return render_of(compared, clicks)
