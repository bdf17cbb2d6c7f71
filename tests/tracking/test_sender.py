"""The process that sends, for real: live, at the end, one at a time."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mlflow import MlflowClient

from pipeline_lib.tracking.journal import OUTBOX, Journal
from pipeline_lib.tracking.mirror import Mirror
from pipeline_lib.tracking.outbox import journals
from tests.tracking.runs import LOG, make_run, stored, write_run

ROOT = str(Path(__file__).parents[2])


@pytest.fixture
def mirror(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    monkeypatch.setenv("PYTHONPATH", ROOT)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    mirror = Mirror()
    mirror.start()
    yield mirror
    mirror.finish()


def client(folder: Path) -> MlflowClient:
    return MlflowClient(f"sqlite:///{folder / 'mlflow.db'}")


def wait_until(met: Callable[[], bool]) -> None:
    for _ in range(600):
        if met():
            return
        time.sleep(0.1)
    pytest.fail("nothing was sent in 60 s")


def sync(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipeline_lib", "sync-tracking"]
    given = os.environ | {"PYTHONPATH": ROOT} | environment
    return subprocess.run(command, env=given, capture_output=True, text=True, check=False)


def test_a_run_is_seen_before_it_ends(folder: Path, mirror: Mirror) -> None:
    with Journal(make_run(), LOG) as journal:
        journal.metrics({"loss": 1.0}, 1)
        wait_until(lambda: any(OUTBOX.glob("*.sent")))
        run = stored(client(folder))["paml seed 0"]
        assert (run.info.status, run.data.metrics) == ("RUNNING", {"loss": 1.0})
        journal.finish()
    assert mirror.finish() == ""
    assert stored(client(folder))["paml seed 0"].info.status == "FINISHED"


def test_the_end_waits_until_all_is_sent(folder: Path, mirror: Mirror) -> None:
    write_run(make_run())
    wait_until(lambda: not journals(OUTBOX))  # making the store may take as long as the end waits
    for seed in range(1, 5):
        write_run(make_run(seed))
    assert mirror.finish() == ""
    assert len(stored(client(folder))) == 6


def test_two_workflows_in_one_folder_take_turns(folder: Path, mirror: Mirror) -> None:
    write_run(make_run())
    wait_until(lambda: not journals(OUTBOX))  # the first one's turn has begun
    wait = Mirror()
    wait.start()
    assert mirror.finish() == ""
    write_run(make_run(seed=1))
    assert wait.finish() == ""
    assert set(stored(client(folder))) == {"paml", "paml seed 0", "paml seed 1"}


def test_a_store_that_is_down_costs_the_end_ten_seconds_and_is_synchronised_later(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", ROOT)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")  # nobody listens there
    mirror = Mirror()
    mirror.start()
    write_run(make_run())
    start = time.monotonic()
    message = mirror.finish()
    assert time.monotonic() - start < 15
    assert mirror.process is not None
    mirror.process.wait()  # a slow machine may take longer than that to give up
    assert "1 journals wait in results/mlflow/outbox/" in message
    assert "`make sync-tracking` sends them" in message
    failed = sync(folder)
    assert failed.returncode == 1
    assert "The store failed" in failed.stderr
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    done = sync(folder)
    assert (done.returncode, done.stdout) == (0, "4 events sent, 0 journals refused.\n")
    assert journals(OUTBOX) == []
    assert stored(client(folder))["paml seed 0"].info.status == "FINISHED"
    assert sync(folder).stdout == "MLflow has everything.\n"
