"""MLflow mirrors training, and its failure costs no training."""

import logging
from pathlib import Path

import pytest
from mlflow import MlflowClient

from pipeline_lib.tracking import Experiment, TrackedRun, create_experiment

LOG = logging.getLogger("test")


@pytest.fixture(scope="module")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    return create_experiment(tmp_path_factory.mktemp("store") / "mlflow.db", "sample/movielens")


def test_an_experiment_is_made_once(experiment: Experiment) -> None:
    store = Path(experiment.tracking_uri.removeprefix("sqlite:///"))
    assert create_experiment(store, "sample/movielens") == experiment


def test_a_run_keeps_settings_and_every_epoch(experiment: Experiment) -> None:
    with TrackedRun(experiment, "movielens paml seed 3", LOG) as run:
        run.log_settings({"lr_max": 0.001}, {"method": "paml"})
        for epoch, mse in enumerate((1.5, 1.25), start=1):
            run.log_metrics({"validation_mse": mse}, epoch)
    client = MlflowClient(experiment.tracking_uri)
    stored = client.get_run(run.run_id)
    assert stored.data.params == {"lr_max": "0.001"}
    assert stored.data.tags["method"] == "paml"
    assert stored.info.status == "FINISHED"
    history = client.get_metric_history(run.run_id, "validation_mse")
    assert [(point.step, point.value) for point in history] == [(1, 1.5), (2, 1.25)]


def test_a_run_that_raises_is_marked_failed(experiment: Experiment) -> None:
    with pytest.raises(ValueError, match="boom"), TrackedRun(experiment, "x", LOG) as run:
        raise ValueError("boom")
    status = MlflowClient(experiment.tracking_uri).get_run(run.run_id).info.status
    assert status == "FAILED"


def test_a_broken_store_warns_and_training_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = tmp_path / "mlflow.db"
    experiment = create_experiment(store, "sample/movielens")
    broken = experiment.model_copy(update={"experiment_id": "987654"})
    with caplog.at_level(logging.WARNING), TrackedRun(broken, "x", LOG) as run:
        run.log_metrics({"loss": 1.0}, 1)
    assert "MLflow failed, training goes on without it" in caplog.text
