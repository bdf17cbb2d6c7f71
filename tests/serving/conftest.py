"""A small run whose methods are served."""

from pathlib import Path

import pytest
import torch

from pipeline_lib.serving.recommender import Recommender, load_recommender
from pipeline_lib.settings.methods.base import LearnerSettings, known_kinds, settings_class
from tests.once import made_once
from tests.serving.small_bundle import bundle_of
from tests.serving.trained import train_small_run
from tests.workflow.small_project import SmallProject

METHODS = known_kinds()  # each has a file of its name
LEARNERS = [name for name in METHODS if issubclass(settings_class(name), LearnerSettings)]


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> SmallProject:
    """Train every method once, and predict."""
    return SmallProject(made_once(tmp_path_factory, "served", _serve))


def _serve(folder: Path) -> None:
    """Keep what repeatable training sets in torch from the tests."""
    threads = torch.get_num_threads()
    train_small_run(folder, METHODS, LEARNERS)
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(mode=False)


@pytest.fixture(scope="session")
def bundle(run: SmallProject, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of PAML; tests may read it, not change it."""
    return bundle_of(run, "paml/seed-0", tmp_path_factory.mktemp("bundle") / "paml")


@pytest.fixture(scope="session")
def recommender(bundle: Path) -> Recommender:
    return load_recommender(bundle)
