"""The process that sends, for real: live, at the end, one at a time."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from filelock import FileLock
from mlflow import MlflowClient

from pipeline_lib.tracking import sender
from pipeline_lib.tracking.mirror import Mirror
from pipeline_lib.tracking.update import Updater
from pipeline_lib.tracking.watch import LOCK, Sent, count_unsent, is_done
from tests.tracking.runs import stored, train
from tests.training.attempts import make_epoch, make_start, open_attempt
from tests.workflow.small_project import HANGS

ROOT = str(Path(__file__).parents[2])


@pytest.fixture
def start_mirror(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Mirror]]:
    """Start mirrors whose end waits for the sender's, however slow the machine is."""
    assert folder.is_dir()
    monkeypatch.setenv("PYTHONPATH", ROOT)
    monkeypatch.setattr("pipeline_lib.tracking.mirror.PATIENCE", HANGS)
    started: list[Mirror] = []

    def start() -> Mirror:
        started.append(Mirror())
        started[-1].start()
        return started[-1]

    yield start
    for mirror in started:
        mirror.finish()


def client(folder: Path) -> MlflowClient:
    return MlflowClient(f"sqlite:///{folder / 'mlflow.db'}")


def wait_until_sent() -> None:
    end = time.monotonic() + HANGS
    while count_unsent():
        assert time.monotonic() < end, f"nothing was sent in {HANGS} s"
        time.sleep(0.1)


def test_what_came_until_standard_input_is_closed_is_sent(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In this process: the first look fails, the next ones send, the last comes after the end."""
    read, write = os.pipe()
    looks: list[None] = []
    real = Updater.update

    def look(updater: Updater) -> None:
        looks.append(None)
        if len(looks) == 1:
            raise ConnectionError("the store is gone")
        real(updater)
        if len(looks) == 2:
            train(make_start(seed=1))
            os.close(write)

    monkeypatch.setattr(Updater, "update", look)
    monkeypatch.setattr(sender, "POLL", 0.01)
    train(make_start())
    with os.fdopen(read) as standard_input:
        monkeypatch.setattr(sys, "stdin", standard_input)
        sender.send_until_closed()
    assert len(looks) == 3
    assert set(stored(client(folder))) == {"paml", "paml seed 0", "paml seed 1"}


def test_a_job_that_ends_just_after_its_workflow_is_seen_to_end(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where all are killed at once, and the sender looks before the job is gone."""
    read, write = os.pipe()
    os.close(write)
    real = Updater.update
    monkeypatch.setattr(sender, "POLL", 0.01)
    with os.fdopen(read) as standard_input, ExitStack() as job:
        job.enter_context(open_attempt(make_start()))

        def look(updater: Updater) -> None:
            real(updater)
            job.close()

        monkeypatch.setattr(Updater, "update", look)
        monkeypatch.setattr(sys, "stdin", standard_input)
        sender.send_until_closed()
    assert stored(client(folder))["paml seed 0"].info.status == "FINISHED"


def test_what_comes_first_just_before_the_end_is_sent(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, write = os.pipe()
    looks: list[bool] = []

    def look(sent: Sent) -> bool:
        looks.append(is_done(sent))
        if len(looks) == 1:
            train(make_start())
            os.close(write)
        return looks[-1]

    monkeypatch.setattr("pipeline_lib.tracking.sender.is_done", look)
    monkeypatch.setattr(sender, "POLL", 0.01)
    with os.fdopen(read) as standard_input:
        monkeypatch.setattr(sys, "stdin", standard_input)
        sender.send_until_closed()
    assert looks == [True, False, True]
    assert set(stored(client(folder))) == {"paml", "paml seed 0"}


def test_experiments_that_a_sender_left_unsettled_are_settled_by_the_next(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(make_start())
    with monkeypatch.context() as patch:
        patch.delattr("pipeline_lib.tracking.update.Store.settle")
        with pytest.raises(AttributeError, match="settle"):
            Updater().update()
    assert (count_unsent(), folder.is_dir()) == (1, True)
    read, write = os.pipe()
    os.close(write)
    with os.fdopen(read) as standard_input:
        monkeypatch.setattr(sys, "stdin", standard_input)
        sender.send_until_closed()
    assert count_unsent() == 0


def test_where_all_is_sent_mlflow_is_not_loaded(folder: Path) -> None:
    train(make_start())
    Updater().update()
    assert (count_unsent(), folder.is_dir()) == (0, True)
    says = "import sys; from pipeline_lib.tracking.sender import *; send_until_closed(); "
    command = [sys.executable, "-c", says + "sys.exit('mlflow' in sys.modules)"]
    environment = os.environ | {"PYTHONPATH": ROOT}
    assert subprocess.run(command, stdin=subprocess.DEVNULL, env=environment).returncode == 0


def test_a_sender_whose_turn_never_comes_ends_with_its_workflow(folder: Path) -> None:
    read, write = os.pipe()
    os.close(write)
    with os.fdopen(read) as standard_input, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", standard_input)
        patch.setattr(sender, "POLL", 0.01)
        train(make_start())
        with FileLock(LOCK):
            sender.send_until_closed()
    assert (count_unsent(), folder.is_dir()) == (1, True)


@pytest.mark.slow
def test_a_run_is_seen_before_it_ends_and_the_end_waits_until_all_is_sent(
    folder: Path, start_mirror: Callable[[], Mirror]
) -> None:
    mirror = start_mirror()
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
def test_two_workflows_in_one_folder_take_turns(
    folder: Path, start_mirror: Callable[[], Mirror]
) -> None:
    first = start_mirror()
    train(make_start())
    wait_until_sent()  # the first one's turn has begun
    second = start_mirror()
    assert first.finish() == ""
    train(make_start(1))
    assert second.finish() == ""
    assert set(stored(client(folder))) == {"paml", "paml seed 0", "paml seed 1"}


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
