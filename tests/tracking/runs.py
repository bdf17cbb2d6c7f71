"""Trainings to be tracked, and what arrives of them."""

import time
from collections.abc import Mapping
from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities import Run

from pipeline_lib.evaluation.evaluate import Evaluation
from pipeline_lib.storage.tables import write_json
from pipeline_lib.tracking.update import Updater
from pipeline_lib.training.attempt import Start
from pipeline_lib.training.record import TrainingRecord
from tests.training.attempts import make_epoch, open_attempt


def train(start: Start, epochs: int = 3) -> Path:
    """Write the files of a whole training; return the trial's folder."""
    with open_attempt(start) as file:
        for number in range(1, epochs + 1):
            file.add(make_epoch(number))
        trial = file.path.parents[1]
        (trial / "weights.safetensors").write_bytes(b"weights")
        record = TrainingRecord(
            **start.job.model_dump(exclude={"device"}),
            device="cpu",
            split_sha256=start.split_sha256,
            parameters=7,
            best_epoch=epochs,
            validation_loss=0.5,
            seconds=1.0,
            hardware="Fast CPU",
            peak_bytes=500_000_000,
        )
        write_json(record, trial / "training.json")
    return trial


def judge(trial: Path, start: Start, metrics: Mapping[str, float]) -> None:
    """Write what an evaluation leaves."""
    evaluation = Evaluation(
        method=start.job.method,
        seed=start.job.seed,
        task=start.job.task,
        split_sha256=start.split_sha256,
        users=3,
        ranked_users=None,
        short_users={},
        constant_users=0,
        counted={},
        metrics=dict(metrics),
        one_score={},
        rates={},
    )
    time.sleep(0.01)  # it is newer than the training, on a file system with coarse times as well
    write_json(evaluation, trial / "evaluation.json")


def update() -> MlflowClient:
    """Send what is new, as a sender that has just started."""
    updater = Updater()
    updater.update()
    return updater.store.client


def stored(client: MlflowClient, experiment: str = "sample/shop") -> dict[str, Run]:
    """Find an experiment's runs by name; of one name, the newest."""
    return {str(run.info.run_name): run for run in all_runs(client, experiment)}


def all_runs(client: MlflowClient, experiment: str = "sample/shop") -> list[Run]:
    """List an experiment's runs, the oldest first."""
    found = client.get_experiment_by_name(experiment)
    assert found is not None
    order = ["attributes.start_time ASC"]
    return [*client.search_runs([found.experiment_id], order_by=order)]


def history(client: MlflowClient, run: str, metric: str) -> list[tuple[int, float]]:
    run_id = stored(client)[run].info.run_id
    return [(point.step, point.value) for point in client.get_metric_history(run_id, metric)]
