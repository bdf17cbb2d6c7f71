"""Real runs of the workflow, shared by tests."""

from pathlib import Path

import pytest

from tests.workflow.small_project import SmallProject, copy_project


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> SmallProject:
    """Run the whole small workflow once; tests may read it, not change it."""
    project = copy_project(tmp_path_factory.mktemp("finished"))
    result = project.snakemake("all")
    assert result.returncode == 0, result.stdout + result.stderr
    return project


@pytest.fixture
def project(tmp_path: Path) -> SmallProject:
    """Copy the workflow without running it."""
    return copy_project(tmp_path / "project")
