"""What arrives in a store, and that none of it arrives twice."""

import logging
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from pipeline_lib.tracking.command import add_parser
from pipeline_lib.tracking.delivery import Delivery
from pipeline_lib.tracking.journal import OUTBOX, Artifact, Journal, Metrics, Model, Tags
from pipeline_lib.tracking.outbox import journals
from pipeline_lib.tracking.store import Store
from tests.tracking.runs import LOG, deliver, make_run, stored, write_run


def test_a_run_arrives_with_settings_tags_and_every_epoch(folder: Path) -> None:
    write_run(make_run())
    client = deliver(folder)
    assert journals(OUTBOX) == []
    run = stored(client)["paml seed 0"]
    assert (run.info.status, run.info.start_time) == ("FINISHED", 1_000_000)
    assert run.data.params == {"outer_lr": "0.004"}
    expected = {"method": "paml", "gamma": "0.001", "seed": "0", "superseded": "false"}
    assert expected.items() <= run.data.tags.items()
    history = client.get_metric_history(run.info.run_id, "train/loss")
    assert [(point.step, point.value) for point in history] == [(1, 1), (2, 1 / 2), (3, 1 / 3)]
    assert run.inputs is not None
    (data,) = run.inputs.dataset_inputs
    assert (data.dataset.name, data.dataset.digest) == ("shop", "f00d" * 9)


def test_seeds_are_nested_under_a_parent_with_their_mean(folder: Path) -> None:
    for seed, error in ((0, 1.0), (1, 3.0)):
        write_run(make_run(seed))
        with Journal(make_run(seed), LOG) as journal:
            journal.finish()
            journal.metrics({"test/mse": error, "test/gap": error / 2}, 0)
    runs = stored(deliver(folder))
    assert set(runs) == {"paml", "paml seed 0", "paml seed 1"}
    parent = runs["paml"]
    for seed in (0, 1):
        assert runs[f"paml seed {seed}"].data.tags["mlflow.parentRunId"] == parent.info.run_id
    assert parent.data.metrics["test/mse"] == 2
    assert parent.data.metrics["test/mse_sd"] == pytest.approx(2**0.5)
    assert parent.data.tags["seeds"] == "0, 1"
    assert parent.data.tags["group_gap"] == "1.0000"
    assert parent.info.status == "FINISHED"


def test_a_parent_gets_its_mean_though_the_store_was_gone_when_it_was_due(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise ConnectionError("the store is gone")

    with Journal(make_run(), LOG) as journal:
        journal.finish()
        journal.metrics({"test/mse": 3.0}, 0)
    with monkeypatch.context() as broken:
        broken.setattr(Store, "settle", fail)
        delivery = Delivery(folder, None, LOG)
        with pytest.raises(ConnectionError):
            delivery.deliver()
    assert journals(OUTBOX) == []
    parser = ArgumentParser()
    add_parser(parser.add_subparsers())
    arguments = parser.parse_args(["sync-tracking"])
    assert arguments.func(arguments) == 0
    assert stored(delivery.store.client)["paml"].data.metrics == {"test/mse": 3.0}
    capsys.readouterr()
    assert arguments.func(arguments) == 0
    assert capsys.readouterr().out == "MLflow has everything.\n"


def test_what_is_sent_again_is_there_once(folder: Path, tmp_path: Path) -> None:
    """As when the sender dies after sending and before it takes note of that."""
    (tmp_path / "plot.png").write_bytes(b"png")
    with Journal(make_run(), LOG) as journal:
        journal.metrics({"test/mse": 1.0}, 1)
        journal.artifacts([tmp_path / "plot.png"], "plots")
        journal.finish()
    (path,) = journals(OUTBOX)
    content = path.read_bytes()
    client = deliver(folder)
    path.write_bytes(content)
    deliver(folder)
    runs = stored(client)
    assert set(runs) == {"paml", "paml seed 0"}
    for run in runs.values():
        assert len(client.get_metric_history(run.info.run_id, "test/mse")) == 1
    run_id = runs["paml seed 0"].info.run_id
    assert [a.path for a in client.list_artifacts(run_id, "plots")] == ["plots/plot.png"]


def test_what_a_failing_store_left_half_made_is_made_whole(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It fails at the first request that makes something, in the next run at the second, ..."""
    delivery, allowed = Delivery(folder, None, LOG), [0]

    def limited(name: str) -> Callable[..., object]:
        real = getattr(MlflowClient, name)

        def ask(*arguments: object, **others: object) -> object:
            allowed[0] -= 1
            if allowed[0] < 0:
                raise ConnectionError("the store is gone")
            return real(*arguments, **others)

        return ask

    for name in ("create_run", "log_batch", "log_inputs"):
        monkeypatch.setattr(MlflowClient, name, limited(name))
    for number in range(5):
        write_run(make_run(experiment=f"shop {number}"))
        allowed[0] = number
        with pytest.raises(ConnectionError):
            delivery.deliver()
        allowed[0] = 1000
        delivery.deliver()
        runs = stored(delivery.store.client, f"shop {number}")
        assert set(runs) == {"paml", "paml seed 0"}
        assert all(run.data.params == {"outer_lr": "0.004"} for run in runs.values())
        inputs = runs["paml seed 0"].inputs
        assert inputs is not None
        assert [data.dataset.name for data in inputs.dataset_inputs] == ["shop"]


def test_two_folders_may_meet_in_a_new_store(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another folder makes the experiment between this one's look for it and its own try."""
    write_run(make_run())
    delivery = Delivery(folder, f"sqlite:///{tmp_path}/shared.db", LOG)
    real = MlflowClient.create_experiment

    def create_twice(
        client: MlflowClient, name: str, folder: str | None, tags: dict[str, Any]
    ) -> str:
        real(client, name, folder, tags)
        return real(client, name, folder, tags)

    monkeypatch.setattr(MlflowClient, "create_experiment", create_twice)
    assert delivery.deliver().refused == 0
    assert set(stored(delivery.store.client)) == {"paml", "paml seed 0"}


def test_runs_appear_while_they_run(folder: Path) -> None:
    with Journal(make_run(), LOG) as journal:
        client = deliver(folder)
        assert stored(client)["paml seed 0"].info.status == "RUNNING"
        journal.metrics({"loss": 1.0}, 1)
        deliver(folder)
        assert stored(client)["paml seed 0"].data.metrics == {"loss": 1.0}
        assert stored(client)["paml"].info.status == "RUNNING"
        journal.finish()
    deliver(folder)
    assert {run.info.status for run in stored(client).values()} == {"FINISHED"}


def test_a_change_of_settings_marks_older_runs_as_superseded(folder: Path) -> None:
    write_run(make_run())
    deliver(folder)
    write_run(make_run(started=2_000_000, generation="h"))
    delivery = Delivery(folder, None, LOG)
    delivery.deliver()
    found = delivery.store.client.get_experiment_by_name("sample/shop")
    assert found is not None
    runs = delivery.store.client.search_runs([found.experiment_id])
    tags = [run.data.tags for run in runs]
    marks = {(own["level"], own["generation"]): own["superseded"] for own in tags}
    assert marks == {
        ("method", "g"): "true",
        ("seed", "g"): "true",
        ("method", "h"): "false",
        ("seed", "h"): "false",
    }


def test_runs_of_another_folder_are_left_alone(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_run(make_run())
    uri = f"sqlite:///{tmp_path}/shared.db"
    Delivery(folder, uri, LOG).deliver()
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.chdir(other)
    write_run(make_run(started=2_000_000))
    delivery = Delivery(other / folder.relative_to(tmp_path), uri, LOG)
    delivery.deliver()
    found = delivery.store.client.get_experiment_by_name("sample/shop")
    assert found is not None
    runs = delivery.store.client.search_runs([found.experiment_id])
    assert len(runs) == 4
    assert {run.data.tags["superseded"] for run in runs} == {"false"}


def test_what_no_store_takes_is_put_aside_and_the_rest_arrives(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Journal(make_run(), LOG) as journal:
        journal.write(Artifact(path=Path("gone.txt"), folder=None))
        journal.finish()
    write_run(make_run(seed=1))
    with caplog.at_level(logging.WARNING):
        count = Delivery(folder, None, LOG).deliver()
    assert (count.refused, journals(OUTBOX)) == (1, [])
    (reason,) = (folder / "refused").glob("*.txt")
    assert reason.read_text() == "gone.txt was gone before it was sent\n"
    assert "gone.txt" in caplog.text
    runs = stored(deliver(folder))
    assert {run.info.status for run in runs.values()} == {"FINISHED"}
    assert set(runs) == {"paml", "paml seed 0", "paml seed 1"}


def test_a_tag_too_long_is_refused_and_not_tried_for_ever(folder: Path) -> None:
    with Journal(make_run(), LOG) as journal:
        journal.write(Tags(tags={"bad\nkey": "x"}))
        journal.finish()
    assert Delivery(folder, None, LOG).deliver().refused == 1


def test_a_store_that_fails_leaves_all_where_it_was(folder: Path) -> None:
    write_run(make_run())
    (folder / "mlflow.db").write_bytes(b"garbage" * 1000)
    before = journals(OUTBOX)
    with pytest.raises(Exception, match="not a database"):
        Delivery(folder, None, LOG).deliver()
    assert journals(OUTBOX) == before
    other = Delivery(folder, f"sqlite:///{folder}/other.db", LOG)
    other.deliver()
    assert len(stored(other.store.client)) == 2


def test_more_metrics_than_the_store_takes_at_once(folder: Path) -> None:
    with Journal(make_run(), LOG) as journal:
        journal.write(*(Metrics(time=n, step=n, values={"a": n, "b": -n}) for n in range(1200)))
        journal.finish()
    client = deliver(folder)
    run_id = stored(client)["paml seed 0"].info.run_id
    assert len(client.get_metric_history(run_id, "a")) == 1200
    assert len(client.get_metric_history(run_id, "b")) == 1200


def test_a_model_gets_a_version_for_each_digest(folder: Path, tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    (model / "MLmodel").write_text("flavors: {}\n")
    for digest in ("one", "one", "two"):
        with Journal(make_run(), LOG) as journal:
            journal.finish()
            journal.write(Model(path=model, name="sample-shop", digest=digest))
        client = deliver(folder)
    versions = client.search_model_versions("name = 'sample-shop'")
    assert sorted(v.tags["digest"] for v in versions) == ["one", "two"]
    best = client.get_model_version_by_alias("sample-shop", "best")
    assert best.tags["digest"] == "two"
    assert best.source is not None
    assert (Path(best.source.removeprefix("file://")) / "MLmodel").is_file()
