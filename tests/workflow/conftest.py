"""Real runs of the workflow, shared by tests."""

import shutil
from pathlib import Path

import pytest
from filelock import FileLock

from tests.once import made_once
from tests.workflow.small_project import OUTPUT, ROOT, SmallProject, copy_encoded, copy_project


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> SmallProject:
    """Run the whole small workflow once; tests may read it, not change it."""

    def make(folder: Path) -> None:
        result = copy_project(folder).snakemake("all")
        said = result.stdout + result.stderr
        assert result.returncode == 0, said
        (folder / OUTPUT).write_text(said, encoding="utf-8")
        with FileLock(folder / "results/mlflow/sender.lock"):
            pass  # on a slow machine the workflow ends before all is sent

    return SmallProject(made_once(tmp_path_factory, "finished", make))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Copy the project's workflow and settings for a page to be followed in."""
    for name in ("workflow", "config"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "Snakefile", tmp_path)
    return tmp_path


@pytest.fixture
def project(tmp_path: Path) -> SmallProject:
    """Copy the workflow without running it."""
    return copy_project(tmp_path / "project")


@pytest.fixture
def encoded(finished: SmallProject, tmp_path: Path) -> SmallProject:
    """Copy the run that tests share as it was before any method was trained."""
    return copy_encoded(finished, tmp_path / "encoded")
