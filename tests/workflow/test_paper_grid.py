"""Planning the paper's whole grid, and finding it finished, costs little more than starting."""

import re
from pathlib import Path

import pytest

from tests.benchmarks.orchestration import Cost, copy_grid, run
from tests.workflow.small_project import SmallProject

LIMIT = 3.0  # times the CPU seconds of planning a single trial, most of which is starting
TRIALS = 2 * (24 * 3 + 5)  # datasets, learners with three seeds, and reference points with one

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> SmallProject:
    return copy_grid(tmp_path_factory.mktemp("grid") / "grid")


@pytest.fixture(scope="module")
def single(grid: SmallProject) -> float:
    """The CPU seconds of planning one trial: a measure of this machine as it is now."""
    one = ("datasets=[movielens]", "methods=[two-bias]", "seeds=[0]", "override={}")
    return run(grid, "--dry-run", "--config", *one).cpu


@pytest.fixture(scope="module")
def planned(grid: SmallProject) -> tuple[Cost, str]:
    """What planning the whole grid costs, and what it says."""
    cost = run(grid, "--dry-run")
    return cost, said(grid)


def said(grid: SmallProject) -> str:
    return (grid.folder / "snakemake.out").read_text(encoding="utf-8")


def print_cost(what: str, cost: Cost, single: float) -> None:
    print(f"{what}: {cost}; a single trial: {single:.1f} s of CPU")


def test_planning_the_whole_grid_costs_little(planned: tuple[Cost, str], single: float) -> None:
    cost, text = planned
    print_cost("planning the paper's grid", cost, single)
    assert re.search(rf"^train +{TRIALS}$", text, re.MULTILINE)
    assert cost.cpu < LIMIT * single


def test_finding_it_finished_costs_little(
    grid: SmallProject, planned: tuple[Cost, str], single: float
) -> None:
    for outputs in re.findall(r"^    output: (.*)$", planned[1], re.MULTILINE):
        for name in outputs.split(", "):
            path = Path(grid.folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.mkdir() if path.name == "model" else path.touch()
    run(grid, "--touch")
    cost = run(grid)
    print_cost("running the paper's grid when all is there", cost, single)
    assert "Nothing to be done" in said(grid)
    assert cost.cpu < LIMIT * single
