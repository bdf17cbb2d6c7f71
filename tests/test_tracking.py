"""MLflow mirrors training, and its failure costs no training."""

import logging
from pathlib import Path

import pytest
from mlflow import MlflowClient

from pipeline_lib.tracking import Experiment, TrackedRun, create_experiment, create_store

LOG = logging.getLogger("test")


def make(folder: Path) -> Experiment:
    return create_experiment(create_store(folder / "mlflow.db"), "sample/movielens")


@pytest.fixture(scope="module")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    return make(tmp_path_factory.mktemp("store"))


def start(experiment: Experiment) -> TrackedRun:
    return TrackedRun(experiment, "movielens paml seed 3", LOG)


def client(experiment: Experiment) -> MlflowClient:
    return MlflowClient(f"sqlite:///{experiment.store}")


def test_an_experiment_is_made_once(experiment: Experiment) -> None:
    assert make(experiment.store.parent) == experiment


def test_each_dataset_has_an_experiment_of_its_own(experiment: Experiment) -> None:
    other = create_experiment(create_store(experiment.store), "sample/mine")
    assert other.experiment_id != experiment.experiment_id


def test_a_run_keeps_settings_and_every_epoch(experiment: Experiment) -> None:
    with start(experiment) as run:
        run.log_settings({"lr_max": 0.001}, {"method": "paml"})
        for epoch, mse in enumerate((1.5, 1.25), start=1):
            run.log_metrics({"validation_mse": mse}, epoch)
    stored = client(experiment).get_run(run.run_id)
    assert stored.info.experiment_id == experiment.experiment_id
    assert stored.data.params == {"lr_max": "0.001"}
    assert stored.data.tags["method"] == "paml"
    assert stored.info.status == "FINISHED"
    history = client(experiment).get_metric_history(run.run_id, "validation_mse")
    assert [(point.step, point.value) for point in history] == [(1, 1.5), (2, 1.25)]


def test_a_run_that_raises_is_marked_failed(experiment: Experiment) -> None:
    with pytest.raises(ValueError, match="boom"), start(experiment) as run:
        raise ValueError("boom")
    assert client(experiment).get_run(run.run_id).info.status == "FAILED"


def track_three_epochs(experiment: Experiment, caplog: pytest.LogCaptureFixture) -> list[str]:
    with caplog.at_level(logging.WARNING), start(experiment) as run:
        run.log_settings({}, {})
        for epoch in (1, 2, 3):
            run.log_metrics({"loss": 1.0}, epoch)
    return [record.message for record in caplog.records if record.name == "test"]


def test_an_unknown_experiment_warns_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    broken = make(tmp_path).model_copy(update={"experiment_id": "987654"})
    (message,) = track_three_epochs(broken, caplog)
    assert "training goes on without it" in message


def test_a_store_of_garbage_warns_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "mlflow.db").write_bytes(b"garbage" * 1000)
    broken = Experiment(store=tmp_path / "mlflow.db", experiment_id="1")
    (message,) = track_three_epochs(broken, caplog)
    assert "training goes on without it" in message


def test_a_store_that_is_gone_is_not_made_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gone = Experiment(store=tmp_path / "gone" / "mlflow.db", experiment_id="1")
    (message,) = track_three_epochs(gone, caplog)
    assert "mlflow.db is gone" in message
    assert not (tmp_path / "gone").exists()
