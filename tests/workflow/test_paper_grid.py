"""Planning the paper's whole grid, and finding it finished, takes seconds."""

import re
from pathlib import Path

import pytest

from tests.benchmarks.orchestration import Cost, copy_grid, run
from tests.workflow.small_project import SmallProject

LIMIT = 5.0  # seconds on a machine with nothing else to do; CPU time, so that others do not count
TRIALS = 3 * (14 * 3 + 5)  # datasets, learners with three seeds, and reference points with one

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> SmallProject:
    return copy_grid(tmp_path_factory.mktemp("grid") / "grid")


def said(grid: SmallProject) -> str:
    return (grid.folder / "snakemake.out").read_text(encoding="utf-8")


def print_cost(what: str, cost: Cost) -> None:
    print(f"{what}: {cost}")


def test_planning_the_whole_grid_takes_seconds(grid: SmallProject) -> None:
    cost = run(grid, "--dry-run")
    print_cost("planning the paper's grid", cost)
    assert re.search(rf"^train +{TRIALS}$", said(grid), re.MULTILINE)
    assert cost.cpu < LIMIT


def test_finding_it_finished_takes_seconds(grid: SmallProject) -> None:
    run(grid, "--dry-run")
    for outputs in re.findall(r"^    output: (.*)$", said(grid), re.MULTILINE):
        for name in outputs.split(", "):
            path = Path(grid.folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.mkdir() if path.name == "model" else path.touch()
    run(grid, "--touch")
    cost = run(grid)
    print_cost("running the paper's grid when all is there", cost)
    assert "Nothing to be done" in said(grid)
    assert cost.cpu < LIMIT
