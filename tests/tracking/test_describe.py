"""What MLflow is told of a training job."""

import pwd
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline_lib.settings.task import RatingTask
from pipeline_lib.tracking.describe import describe_run
from pipeline_lib.training.record import TrainingJob

JOB = TrainingJob(
    experiment="sample/shop",
    dataset="shop",
    method="two-bias",
    seed=0,
    started=datetime(2026, 1, 1, tzinfo=UTC),
    settings={"kind": "two-bias"},
    task=RatingTask(scale=(1, 5)),
    network=None,
    device="cpu",
    threads=1,
    processes=1,
    code="c0de",
    environment={},
)


def test_a_user_without_a_name_can_train(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container that runs under a number of the cluster's choice."""

    def nobody(number: int) -> None:
        raise KeyError(number)

    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", nobody)
    monkeypatch.setattr("os.getuid", lambda: 1_000_680_000)
    run = describe_run(JOB, "f00d", Path("results"))
    assert run.tags["mlflow.user"] == "1000680000"
