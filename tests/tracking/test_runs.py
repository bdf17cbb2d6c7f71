"""The runs of a store are what the attempts and their results say."""

import math
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from pipeline_lib.tracking import store
from pipeline_lib.tracking.update import KILLED, Updater
from pipeline_lib.tracking.watch import count_unsent, watch
from pipeline_lib.training.attempt import is_running
from tests.tracking.runs import all_runs, history, judge, stored, train, update
from tests.training.attempts import SETTINGS, make_epoch, make_start, open_attempt

pytestmark = pytest.mark.usefixtures("folder")


def test_a_run_arrives_with_settings_tags_and_every_epoch() -> None:
    train(make_start())
    client = update()
    assert count_unsent() == 0
    run = stored(client)["paml seed 0"]
    start = int(make_start().job.started.timestamp() * 1000)
    assert (run.info.status, run.info.start_time) == ("FINISHED", start)
    assert run.data.params == {"kind": "paml", "gamma": "0.001", "outer_lr": "0.004"}
    expected = {"method": "paml", "gamma": "0.001", "seed": "0", "superseded": "false"}
    assert (expected | {"kind": "paml", "code": "c0de"}).items() <= run.data.tags.items()
    assert history(client, "paml seed 0", "train/loss") == [(1, 1), (2, 1 / 2), (3, 1 / 3)]
    final = {"best/epoch": 3.0, "best/validation_loss": 0.5, "model/parameters": 7.0}
    assert final.items() <= run.data.metrics.items()
    assert run.inputs is not None
    (data,) = run.inputs.dataset_inputs
    assert (data.dataset.name, data.dataset.digest) == ("shop", "f00d" * 9)


def test_seeds_are_nested_under_a_parent_with_their_mean() -> None:
    for seed, error in ((0, 1.0), (1, 3.0)):
        trial = train(make_start(seed))
        groups = {"mse_minor": error, "mse_major": error / 2}
        judge(trial, make_start(seed), {"mse": error, **groups})
    runs = stored(update())
    assert set(runs) == {"paml", "paml seed 0", "paml seed 1"}
    parent = runs["paml"]
    for seed in (0, 1):
        own = runs[f"paml seed {seed}"]
        assert own.data.tags["mlflow.parentRunId"] == parent.info.run_id
        assert own.data.metrics["test/gap"] == (0.5, 1.5)[seed]
    assert parent.data.metrics["test/mse"] == 2
    assert parent.data.metrics["test/mse_sd"] == pytest.approx(2**0.5)
    assert parent.data.tags["seeds"] == "0, 1"
    assert parent.data.tags["group_gap"] == "1.0000"
    assert parent.info.status == "FINISHED"


def test_runs_appear_while_they_run() -> None:
    with open_attempt(make_start()) as file:
        client = update()
        assert stored(client)["paml seed 0"].info.status == "RUNNING"
        file.add(make_epoch(1))
        update()
        assert history(client, "paml seed 0", "train/loss") == [(1, 1.0)]
        assert stored(client)["paml"].info.status == "RUNNING"
    update()
    assert {run.info.status for run in stored(client).values()} == {"FINISHED"}


def test_what_came_since_is_sent_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    updater, steps = Updater(), list[int]()
    real = MlflowClient.log_batch

    def record(client: MlflowClient, run_id: str, metrics: Any = (), **own: Any) -> None:  # noqa: ANN401
        steps.extend({metric.step for metric in metrics})
        real(client, run_id, metrics, **own)

    monkeypatch.setattr(MlflowClient, "log_batch", record)
    with open_attempt(make_start()) as file:
        for number in (1, 2, 3):
            file.add(make_epoch(number))
            updater.update()
        updater.update()
    assert steps == [1, 2, 3]


def test_a_training_that_raises_has_failed_and_says_why() -> None:
    with pytest.raises(ValueError, match="boom"), open_attempt(make_start()):
        raise ValueError("boom")
    runs = stored(update())
    assert {run.info.status for run in runs.values()} == {"FAILED"}
    assert runs["paml seed 0"].data.tags["error"] == "ValueError: boom"


def test_a_training_that_could_not_write_its_end_has_finished() -> None:
    """As on a disk that was full meanwhile: its results say so."""
    trial = train(make_start())
    (path,) = trial.glob("attempts/*.jsonl")
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-2]))
    run = stored(update())["paml seed 0"]
    made = (trial / "training.json").stat().st_mtime_ns // 1_000_000
    assert (run.info.status, run.info.end_time) == ("FINISHED", made)
    assert "error" not in run.data.tags


def test_what_is_deleted_while_it_is_looked_at_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The folder of a trial, say; the sender must not end by it."""
    first, second = (train(make_start(seed)) for seed in (0, 1))

    def look(path: Path) -> bool:
        if path.is_relative_to(first):
            shutil.rmtree(first, ignore_errors=True)
        return is_running(path)

    monkeypatch.setattr("pipeline_lib.tracking.watch.is_running", look)
    assert [own.path.parents[1] for own in watch()] == [second]


def test_a_training_that_is_killed_has_failed() -> None:
    code = (
        "import time; from tests.training.attempts import *\n"
        "with open_attempt(make_start()) as file:\n"
        "    file.add(make_epoch(1)); print('ready', flush=True); time.sleep(60)"
    )
    root = str(Path(__file__).parents[2])
    command = [sys.executable, "-c", code]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": root}
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        client = update()
        assert stored(client)["paml seed 0"].info.status == "RUNNING"
        process.send_signal(signal.SIGKILL)
    runs = stored(update())
    assert {run.info.status for run in runs.values()} == {"FAILED"}
    assert runs["paml seed 0"].data.tags["error"] == KILLED
    assert history(client, "paml seed 0", "train/loss") == [(1, 1.0)]
    train(make_start(at=60))
    runs = {run.info.status: run for run in all_runs(update())}
    assert runs["FAILED"].data.tags["superseded"] == "true"
    assert runs["FINISHED"].data.tags["superseded"] == "false"


def test_a_change_of_settings_marks_older_runs_as_superseded() -> None:
    train(make_start())
    update()
    train(make_start(at=60, settings=SETTINGS | {"outer_lr": 0.1}))
    runs = all_runs(update())
    marks = {(r.data.params["outer_lr"], r.data.tags["superseded"]) for r in runs}
    assert len(runs) == 4
    assert marks == {("0.004", "true"), ("0.1", "false")}


def test_results_of_an_older_attempt_are_not_those_of_a_newer() -> None:
    trial = train(make_start())
    judge(trial, make_start(), {"mse": 1.0})
    update()
    (trial / "training.json").unlink()  # as snakemake does before it trains again
    with open_attempt(make_start(at=60)):
        client = update()
        assert "test/mse" not in stored(client)["paml seed 0"].data.metrics
    train(make_start(at=120))
    assert "test/mse" not in stored(update())["paml seed 0"].data.metrics
    judge(trial, make_start(), {"mse": 2.0})
    runs = [run for run in all_runs(update()) if run.data.tags["level"] == "seed"]
    assert [run.data.metrics.get("test/mse") for run in runs] == [1.0, None, 2.0]


def test_a_training_evaluated_anew_has_the_new_metrics() -> None:
    trial = train(make_start())
    for error in (2.0, 1.0):
        judge(trial, make_start(), {"mse": error})
        runs = stored(update())
        assert {run.data.metrics["test/mse"] for run in runs.values()} == {error}


def test_files_are_copied_and_plots_put_into_a_folder() -> None:
    trial = train(make_start())
    plot = Path("results/sample/shop/figures/trials/paml-0.png")
    plot.parent.mkdir(parents=True)
    plot.write_bytes(b"png")
    client = update()
    run_id = stored(client)["paml seed 0"].info.run_id
    names = {artifact.path for artifact in client.list_artifacts(run_id)}
    assert names == {"weights.safetensors", "training.json", "plots"}
    assert [a.path for a in client.list_artifacts(run_id, "plots")] == ["plots/paml-0.png"]
    (trial / "weights.safetensors").write_bytes(b"other")
    root = Path(stored(update())["paml seed 0"].info.artifact_uri.removeprefix("file://"))
    assert (root / "weights.safetensors").read_bytes() == b"other"


@pytest.mark.parametrize("epochs", [11, pytest.param(401, marks=pytest.mark.slow)])
def test_more_metrics_than_the_store_takes_at_once(
    monkeypatch: pytest.MonkeyPatch, epochs: int
) -> None:
    if epochs == 11:
        monkeypatch.setattr(store, "MOST_METRICS", 10)
    train(make_start(), epochs)
    client = update()
    assert len(history(client, "paml seed 0", "train/loss")) == epochs
    assert len(history(client, "paml seed 0", "validation/loss")) == epochs


def test_a_figure_that_is_no_number_arrives() -> None:
    with open_attempt(make_start()) as file:
        file.add(make_epoch(1, loss=math.nan))
    assert math.isnan(stored(update())["paml seed 0"].data.metrics["train/loss"])
