"""The process that sends, for real: live, at the end, one at a time."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow import MlflowClient

from pipeline_lib.tracking.mirror import Mirror
from pipeline_lib.tracking.watch import count_unsent
from tests.tracking.runs import stored, train
from tests.training.attempts import make_epoch, make_start, open_attempt

ROOT = str(Path(__file__).parents[2])


@pytest.fixture
def mirror(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    assert folder.is_dir()
    monkeypatch.setenv("PYTHONPATH", ROOT)
    mirror = Mirror()
    mirror.start()
    yield mirror
    mirror.finish()


def client(folder: Path) -> MlflowClient:
    return MlflowClient(f"sqlite:///{folder / 'mlflow.db'}")


def wait_until_sent() -> None:
    for _ in range(600):
        if not count_unsent():
            return
        time.sleep(0.1)
    pytest.fail("nothing was sent in 60 s")


def test_a_run_is_seen_before_it_ends_and_the_end_waits_until_all_is_sent(
    folder: Path, mirror: Mirror
) -> None:
    with open_attempt(make_start()) as file:
        file.add(make_epoch(1))
        wait_until_sent()
        run = stored(client(folder))["paml seed 0"]
        assert (run.info.status, run.data.metrics["train/loss"]) == ("RUNNING", 1.0)
    for seed in range(1, 5):
        train(make_start(seed))
    assert mirror.finish() == ""
    runs = stored(client(folder))
    assert len(runs) == 6
    assert {run.info.status for run in runs.values()} == {"FINISHED"}


def test_a_message_says_what_is_left(folder: Path) -> None:
    train(make_start())
    mirror = Mirror()
    assert mirror.finish() == ""  # nothing was started
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.executable", "/bin/true")  # a sender that does nothing
        mirror.start()
        message = mirror.finish()
    assert "1 trainings or models wait (see results/mlflow/sender.log)" in message
    assert "`make sync-tracking` sends them" in message
    assert folder.is_dir()


@pytest.mark.slow
def test_two_workflows_in_one_folder_take_turns(folder: Path, mirror: Mirror) -> None:
    train(make_start())
    wait_until_sent()  # the first one's turn has begun
    wait = Mirror()
    wait.start()
    assert mirror.finish() == ""
    train(make_start(1))
    assert wait.finish() == ""
    assert set(stored(client(folder))) == {"paml", "paml seed 0", "paml seed 1"}


@pytest.mark.slow
def test_a_job_that_outlives_its_workflow_is_waited_for_a_moment(
    folder: Path, mirror: Mirror
) -> None:
    """As where all are killed at once, and the sender looks before the job is gone."""
    with open_attempt(make_start()):
        wait_until_sent()
        assert mirror.process is not None
        assert mirror.process.stdin is not None
        mirror.process.stdin.close()
        time.sleep(0.7)
    mirror.process.wait()
    assert stored(client(folder))["paml seed 0"].info.status == "FINISHED"


@pytest.mark.slow
def test_a_store_that_is_down_costs_the_end_ten_seconds(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", ROOT)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")  # nobody listens there
    mirror = Mirror()
    mirror.start()
    train(make_start())
    start = time.monotonic()
    message = mirror.finish()
    assert time.monotonic() - start < 15
    assert mirror.process is not None
    mirror.process.wait()  # a slow machine may take longer than that to give up
    assert "`make sync-tracking` sends them" in message
    assert (folder / "sender.log").read_text().count("the store failed")
