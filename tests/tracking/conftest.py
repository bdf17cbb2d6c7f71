"""A folder to track runs in, and the run that tests share."""

import shutil
from pathlib import Path

import pytest

from pipeline_lib.tracking.store import Store
from tests.once import made_once
from tests.workflow.conftest import finished

__all__ = ["empty_store", "finished", "folder"]


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make MLflow's tables once: that takes seconds, and a copy nothing."""

    def make(folder: Path) -> None:
        folder.mkdir()
        Store(f"sqlite:///{folder}/mlflow.db", folder, "").client.search_experiments()

    return made_once(tmp_path_factory, "store", make) / "mlflow.db"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty_store: Path) -> Path:
    """Work in a folder that has an empty store; return the store's own folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    home = tmp_path / "results/mlflow"
    home.mkdir(parents=True)
    shutil.copy(empty_store, home)
    return home
