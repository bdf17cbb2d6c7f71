"""The workflow against real servers: one that dies, one that hangs."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pytest
from filelock import FileLock
from mlflow import MlflowClient

from pipeline_lib.training.attempt import read_attempt
from tests.tracking.servers import Server, mlflow_server
from tests.workflow.small_project import (
    HANGS,
    ROOT,
    SNAKEMAKE,
    SmallProject,
    copy_encoded,
    wait_until,
)

pytestmark = pytest.mark.slow
HERE = "results/sample/movielens"


def start(
    project: SmallProject, server: Server, cores: int, *targets: str
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [str(SNAKEMAKE), "--cores", str(cores), "--quiet", "rules", "--", *targets],
        cwd=project.folder,
        env=os.environ | {"MLFLOW_TRACKING_URI": server.uri},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def finish(process: subprocess.Popen[str]) -> str:
    output, _ = process.communicate(timeout=HANGS)
    assert process.returncode == 0, output
    return output


def prepare(
    run: SmallProject, folder: Path, seeds: int, epochs: int
) -> tuple[SmallProject, list[str]]:
    """A project that trains PAML, and has all before that done."""
    project = copy_encoded(run, folder)
    settings = {"epochs": epochs, "outer_lr": 1e-3, "users_per_batch": 4}
    project.edit(
        "config/config.yaml", methods=["paml"], seeds=[*range(seeds)], override={"paml": settings}
    )
    return project, [f"{HERE}/methods/paml/seed-{s}/evaluation.json" for s in range(seeds)]


def arrived(server: Server) -> dict[str, dict[str, list[tuple[int, float]]]]:
    """Read every run's metrics, point by point."""
    client = MlflowClient(server.uri)
    experiment = client.get_experiment_by_name("sample/movielens")
    if experiment is None:
        return {}
    runs = client.search_runs([experiment.experiment_id], "tags.level = 'seed'")
    return {
        str(run.info.run_name): {
            name: [(p.step, p.value) for p in client.get_metric_history(run.info.run_id, name)]
            for name in run.data.metrics
        }
        for run in runs
    }


def check_complete(project: SmallProject, server: Server, seeds: int) -> int:
    """Hold what arrived to the histories: all of it, and once; count the points."""
    found = arrived(server)
    assert set(found) == {f"paml seed {seed}" for seed in range(seeds)}
    points = 0
    for seed in range(seeds):
        trial = project.folder / HERE / f"methods/paml/seed-{seed}/history.parquet"
        for (figure,), own in pl.read_parquet(trial).sort("epoch").group_by("figure"):
            assert found[f"paml seed {seed}"][str(figure)] == own.select("epoch", "value").rows()
            points += own.height
        assert len(found[f"paml seed {seed}"]["test/mse"]) == 1
    client = MlflowClient(server.uri)
    experiment = client.get_experiment_by_name("sample/movielens")
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id])
    assert {run.info.status for run in runs} == {"FINISHED"}
    (parent,) = (run for run in runs if run.data.tags["level"] == "method")
    errors = [run.data.metrics["test/mse"] for run in runs if run is not parent]
    assert parent.data.metrics["test/mse"] == pytest.approx(sum(errors) / seeds)
    return points


def sync(project: SmallProject, server: Server) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pipeline_lib", "sync-tracking"],
        cwd=project.folder,
        env=os.environ | {"MLFLOW_TRACKING_URI": server.uri, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def points(server: Server) -> int:
    return sum(len(own) for run in arrived(server).values() for own in run.values())


@contextmanager
def in_the_middle_of_training(
    project: SmallProject, server: Server, workflow: subprocess.Popen[str]
) -> Iterator[None]:
    """Hold all jobs after an epoch, until its points have arrived and the caller has acted.

    The sender, which sends every few seconds, is in a session of its own and goes on. Without a
    hold, a fast training would be over before the first points arrive.
    """
    while not any(read_attempt(path).epochs for path in attempts(project)):
        assert workflow.poll() is None, "the workflow ended without an epoch"
        time.sleep(0.01)
    os.killpg(workflow.pid, signal.SIGSTOP)
    try:
        assert all(read_attempt(path).end is None for path in attempts(project))
        wait_until(lambda: bool(points(server)))
        yield
    finally:
        os.killpg(workflow.pid, signal.SIGCONT)


def attempts(project: SmallProject) -> Iterator[Path]:
    return (project.folder / HERE).glob("methods/paml/*/attempts/*.jsonl")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with mlflow_server(tmp_path / "server") as server:
        yield server


def test_a_server_killed_in_the_middle_of_training_gets_the_rest_later(
    finished: SmallProject, tmp_path: Path, server: Server
) -> None:
    project, targets = prepare(finished, tmp_path / "project", seeds=1, epochs=24)
    workflow = start(project, server, 2, *targets)
    with in_the_middle_of_training(project, server, workflow):
        server.kill()
    output = finish(workflow)
    assert "`make sync-tracking` sends them" in output
    server.start()
    before = points(server)
    said = sync(project, server)
    after = check_complete(project, server, seeds=1)
    print(f"{before} points before, {after} after; {said}")
    assert before < after


def test_a_server_that_hangs_holds_up_nothing(
    finished: SmallProject, tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request may hang for longer than even a loaded machine takes to end a workflow."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", str(HANGS))
    project, targets = prepare(finished, tmp_path / "project", seeds=1, epochs=24)
    workflow = start(project, server, 2, *targets)
    with in_the_middle_of_training(project, server, workflow):
        server.signal(signal.SIGSTOP)
    output = finish(workflow)
    done = max((project.folder / target).stat().st_mtime for target in targets)
    waited = time.time() - done
    assert "`make sync-tracking` sends them" in output
    server.signal(signal.SIGCONT)
    with FileLock(project.folder / "results/mlflow/sender.lock"):
        pass  # the sender has ended: its last request may have been under way
    sync(project, server)
    check_complete(project, server, seeds=1)
    print(f"the workflow ended {waited:.1f} s after its last result")
    assert waited < HANGS / 4
