"""A small run whose methods are served."""

from pathlib import Path

import pytest

from pipeline_lib.serving.recommender import Recommender, load_recommender
from tests.once import made_once
from tests.serving.small_bundle import bundle_of
from tests.workflow.small_project import SmallProject, copy_project

METHODS = ["two-bias", "user-mean", "transfer", "melu", "meta-sgd", "paml", "at-paml", "reg-paml"]


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> SmallProject:
    """Train every method once, and predict."""
    return SmallProject(made_once(tmp_path_factory, "served", _serve))


def _serve(folder: Path) -> None:
    project = copy_project(folder)
    quick = {"epochs": 2, "outer_lr": 0.02}
    learners = [name for name in METHODS if name not in {"two-bias", "user-mean"}]
    project.edit(
        "config/config.yaml", methods=METHODS, seeds=[0], override=dict.fromkeys(learners, quick)
    )
    targets = [f"results/sample/movielens/methods/{m}/seed-0/predictions.parquet" for m in METHODS]
    result = project.snakemake(*targets, "results/sample/movielens/model.json")
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.fixture(scope="session")
def bundle(run: SmallProject, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of PAML; tests may read it, not change it."""
    return bundle_of(run, "paml/seed-0", tmp_path_factory.mktemp("bundle") / "paml")


@pytest.fixture(scope="session")
def recommender(bundle: Path) -> Recommender:
    return load_recommender(bundle)
