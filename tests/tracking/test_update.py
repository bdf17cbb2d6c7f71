"""What arrives in a store, and that none of it arrives twice."""

import logging
import re
import shlex
import shutil
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from filelock import FileLock
from mlflow import MlflowClient

from pipeline_lib.serving.best import BestTrial, JudgedTrial
from pipeline_lib.storage.tables import write_json
from pipeline_lib.tracking.command import add_parser
from pipeline_lib.tracking.store import Store
from pipeline_lib.tracking.update import Updater
from pipeline_lib.tracking.watch import LOCK, count_unsent
from tests.tracking.runs import all_runs, history, judge, stored, train, update
from tests.training.attempts import SETTINGS, make_start


def synchronise(*expected: int) -> None:
    parser = ArgumentParser()
    add_parser(parser.add_subparsers())
    arguments = parser.parse_args(["sync-tracking"])
    assert arguments.func(arguments) in (expected or (0,))


def test_a_parent_gets_its_mean_though_the_store_was_gone_when_it_was_due(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise ConnectionError("the store is gone")

    judge(train(make_start()), make_start(), {"mse": 3.0})
    with monkeypatch.context() as broken:
        broken.setattr(Store, "settle", fail)
        with pytest.raises(ConnectionError):
            update()
    assert folder.is_dir()
    synchronise()
    assert stored(update())["paml"].data.metrics == {"test/mse": 3.0}
    capsys.readouterr()
    synchronise()
    assert capsys.readouterr().out == "MLflow has everything.\n"


def test_what_is_sent_again_is_there_once(folder: Path) -> None:
    """As when the sender dies after sending and before it takes note of that."""
    judge(train(make_start()), make_start(), {"mse": 1.0})
    client = update()
    (note,) = folder.glob("sent-*.json")
    note.unlink()
    update()
    assert note.is_file()
    note.write_text("{")
    update()
    runs = stored(client)
    assert set(runs) == {"paml", "paml seed 0"}
    for name in runs:
        assert history(client, name, "test/mse") == [(0, 1.0)]
    assert len(history(client, "paml seed 0", "train/loss")) == 3


def test_what_a_failing_store_left_half_made_is_made_whole(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes no request that makes something, in every second try one more than before."""
    updater, allowed, failed = Updater(), [0], 0

    def limited(name: str) -> Callable[..., object]:
        real = getattr(MlflowClient, name)

        def ask(*arguments: object, **others: object) -> object:
            allowed[0] -= 1
            if allowed[0] < 0:
                raise ConnectionError("the store is gone")
            return real(*arguments, **others)

        return ask

    for name in ("create_run", "log_batch", "log_inputs", "log_artifact", "set_terminated"):
        monkeypatch.setattr(MlflowClient, name, limited(name))
    judge(train(make_start()), make_start(), {"mse": 1.0})
    while count_unsent():
        allowed[0] = failed // 2
        try:
            updater.update()
        except ConnectionError:
            failed += 1
    runs = stored(updater.store.client)
    assert (failed >= 6, folder.is_dir()) == (True, True)
    assert set(runs) == {"paml", "paml seed 0"}
    assert all(run.data.params.keys() == SETTINGS.keys() for run in runs.values())
    assert all(run.data.metrics["test/mse"] == 1.0 for run in runs.values())
    assert {run.info.status for run in runs.values()} == {"FINISHED"}
    assert len(history(updater.store.client, "paml seed 0", "train/loss")) == 3
    inputs = runs["paml seed 0"].inputs
    assert inputs is not None
    assert [data.dataset.name for data in inputs.dataset_inputs] == ["shop"]


def test_two_folders_may_meet_in_a_new_store(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Another folder makes the experiment between this one's look for it and its own try."""
    train(make_start())
    real = MlflowClient.create_experiment

    def create_twice(
        client: MlflowClient, name: str, folder: str | None, tags: dict[str, Any]
    ) -> str:
        real(client, name, folder, tags)
        return real(client, name, folder, tags)

    monkeypatch.setattr(MlflowClient, "create_experiment", create_twice)
    assert set(stored(update())) == {"paml", "paml seed 0"}
    assert (caplog.text, folder.is_dir()) == ("", True)


def test_runs_of_another_folder_are_left_alone(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder}/mlflow.db")
    train(make_start())
    update()
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    train(make_start(at=60))
    runs = all_runs(update())
    assert len(runs) == 4
    assert {run.data.tags["superseded"] for run in runs} == {"false"}


def test_a_second_store_gets_everything_and_no_file_holds_its_password(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(make_start())
    update()
    shutil.copy(folder / "mlflow.db", tmp_path / "secret.db")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/secret.db")
    assert count_unsent() == 1
    update()
    assert count_unsent() == 0
    notes = [*folder.glob("sent-*.json")]
    assert len(notes) == 2
    assert not [note for note in notes if "secret" in note.name + note.read_text()]


@pytest.mark.parametrize("back", ["restored", "new"])
def test_runs_of_a_deleted_experiment_wait_until_it_is_restored_or_gone(
    folder: Path,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    back: str,
) -> None:
    """Those of other experiments do not wait for it."""
    from mlflow.cli import cli as mlflow_cli  # takes as long as all other tests here

    train(make_start())
    client = update()
    (number,) = {run.info.experiment_id for run in all_runs(client)}
    client.delete_experiment(number)
    train(make_start(seed=1, at=60))
    train(make_start(experiment="sample/other"))
    updater = Updater()
    for _ in range(3):
        updater.update()
    assert caplog.text.count("the experiment sample/shop is deleted in MLflow") == 1
    assert (updater.sent, updater.refused, count_unsent()) == (1, 0, 1)
    assert "paml seed 0" in stored(client, "sample/other")
    synchronise(1)
    output = capsys.readouterr()
    assert "MLflow has everything" not in output.out
    told = re.findall(r"`MLFLOW_TRACKING_URI=(\S+) mlflow (.*?)`", output.err)
    uri, command = told[0 if back == "restored" else 1]
    with monkeypatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", uri)
        done = CliRunner().invoke(mlflow_cli, shlex.split(command))
    assert done.exit_code == 0, done.output
    synchronise(0)
    there = {"paml", "paml seed 1", *(["paml seed 0"] if back == "restored" else [])}
    assert set(stored(update())) == there
    assert count_unsent() == 0


@pytest.mark.parametrize("damage", ["line", "record", "setting"])
def test_what_no_store_takes_is_named_and_the_rest_arrives(
    folder: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    settings = SETTINGS | ({"bad\nkey": 1} if damage == "setting" else {})
    trial = train(make_start(settings=settings))
    if damage == "line":
        (path,) = trial.glob("attempts/*")
        path.write_text("no json\n")
    elif damage == "record":
        (trial / "training.json").write_text("{}")
    train(make_start(seed=1, at=60))
    with caplog.at_level(logging.WARNING):
        synchronise(1)
    assert "2 trainings and models sent, 1 of them refused" in capsys.readouterr().out
    assert f"does not take all of {trial}/attempts/" in caplog.text
    synchronise(0)  # it is not tried for ever
    assert (said := capsys.readouterr().out).startswith("MLflow has everything but 1 refused:\n")
    assert f"{trial}/attempts/" in said
    assert stored(update())["paml seed 1"].info.status == "FINISHED"
    assert folder.is_dir()


def test_a_store_that_fails_gets_it_later(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    train(make_start())
    shutil.move(folder / "mlflow.db", folder / "other.db")
    (folder / "mlflow.db").write_bytes(b"garbage" * 1000)
    synchronise(1)
    assert "The store failed" in (said := capsys.readouterr().err)
    assert "1 trainings or models wait" in said
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder}/other.db")
    synchronise(0)
    assert len(stored(update())) == 2


def test_one_process_sends_at_a_time(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train(make_start())
    with FileLock(LOCK):
        synchronise()
    assert capsys.readouterr().out == "A workflow is sending at this moment.\n"
    assert (count_unsent(), folder.is_dir()) == (1, True)


def test_a_file_that_is_taken_back_while_it_is_sent_is_no_failure(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when snakemake trains again: it deletes the old results first."""
    trial = train(make_start())
    real = Store.send_file

    def take_back(own: Store, run: Any, path: Path) -> None:  # noqa: ANN401
        path.unlink(missing_ok=True)
        real(own, run, path)

    with monkeypatch.context() as gone:
        gone.setattr(Store, "send_file", take_back)
        update()
    train(make_start(at=60))
    assert stored(update())["paml seed 0"].info.status == "FINISHED"
    assert (count_unsent(), trial.is_dir(), folder.is_dir()) == (0, True, True)


def test_a_model_gets_a_version_for_each_digest(folder: Path) -> None:
    trial = train(make_start())
    dataset = Path("results/sample/shop")
    (dataset / "model").mkdir()
    (dataset / "model/MLmodel").write_text("flavors: {}\n")
    for digest in ("one", "one", "two"):
        chosen = JudgedTrial(method="paml", seed=0, validation_loss=1.0)
        write_json(BestTrial(chosen=chosen, others=[], digest=digest), dataset / "model.json")
        client = update()
    versions = client.search_model_versions("name = 'sample-shop'")
    assert sorted(v.tags["digest"] for v in versions) == ["one", "two"]
    best = client.get_model_version_by_alias("sample-shop", "best")
    assert best.tags["digest"] == "two"
    assert best.run_id == stored(client)["paml seed 0"].info.run_id
    assert best.source is not None
    assert (Path(best.source.removeprefix("file://")) / "MLmodel").is_file()
    assert (trial.is_dir(), folder.is_dir()) == (True, True)
