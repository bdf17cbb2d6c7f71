"""A project to submit."""

from pathlib import Path

import pytest

from tests.workflow.small_project import SmallProject, copy_project


@pytest.fixture
def project(tmp_path: Path) -> SmallProject:
    return copy_project(tmp_path / "project")
