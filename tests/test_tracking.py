"""MLflow mirrors training, and its failure costs no training."""

import logging
from pathlib import Path

import pytest
from mlflow import MlflowClient

from pipeline_lib.tracking import Experiments, TrackedRun, create_experiments

LOG = logging.getLogger("test")
NAMES = {"movielens": "sample/movielens", "mine": "sample/mine"}


@pytest.fixture(scope="module")
def experiments(tmp_path_factory: pytest.TempPathFactory) -> Experiments:
    return create_experiments(tmp_path_factory.mktemp("store") / "mlflow.db", NAMES)


def start(experiments: Experiments) -> TrackedRun:
    return TrackedRun(experiments, "movielens", "movielens paml seed 3", LOG)


def client(experiments: Experiments) -> MlflowClient:
    return MlflowClient(f"sqlite:///{experiments.store}")


def test_experiments_are_made_once_and_one_a_dataset(experiments: Experiments) -> None:
    assert create_experiments(experiments.store, NAMES) == experiments
    assert len(set(experiments.ids.values())) == 2


def test_a_run_keeps_settings_and_every_epoch(experiments: Experiments) -> None:
    with start(experiments) as run:
        run.log_settings({"lr_max": 0.001}, {"method": "paml"})
        for epoch, mse in enumerate((1.5, 1.25), start=1):
            run.log_metrics({"validation_mse": mse}, epoch)
    stored = client(experiments).get_run(run.run_id)
    assert stored.info.experiment_id == experiments.ids["movielens"]
    assert stored.data.params == {"lr_max": "0.001"}
    assert stored.data.tags["method"] == "paml"
    assert stored.info.status == "FINISHED"
    history = client(experiments).get_metric_history(run.run_id, "validation_mse")
    assert [(point.step, point.value) for point in history] == [(1, 1.5), (2, 1.25)]


def test_a_run_that_raises_is_marked_failed(experiments: Experiments) -> None:
    with pytest.raises(ValueError, match="boom"), start(experiments) as run:
        raise ValueError("boom")
    assert client(experiments).get_run(run.run_id).info.status == "FAILED"


def track_three_epochs(experiments: Experiments, caplog: pytest.LogCaptureFixture) -> list[str]:
    with caplog.at_level(logging.WARNING), start(experiments) as run:
        run.log_settings({}, {})
        for epoch in (1, 2, 3):
            run.log_metrics({"loss": 1.0}, epoch)
    return [record.message for record in caplog.records if record.name == "test"]


def test_an_unknown_experiment_warns_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    experiments = create_experiments(tmp_path / "mlflow.db", NAMES)
    broken = experiments.model_copy(update={"ids": {"movielens": "987654"}})
    (message,) = track_three_epochs(broken, caplog)
    assert "training goes on without it" in message


def test_a_store_of_garbage_warns_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "mlflow.db").write_bytes(b"garbage" * 1000)
    broken = Experiments(store=tmp_path / "mlflow.db", ids={"movielens": "1"})
    (message,) = track_three_epochs(broken, caplog)
    assert "training goes on without it" in message


def test_a_store_that_is_gone_is_not_made_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gone = Experiments(store=tmp_path / "gone" / "mlflow.db", ids={"movielens": "1"})
    (message,) = track_three_epochs(gone, caplog)
    assert "mlflow.db is gone" in message
    assert not (tmp_path / "gone").exists()
