"""A training job from files: what it returns, what it records, and who is named when it stops."""

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
import torch
from torch import Tensor

from pipeline_lib.data.encode.vocabulary import Vocabulary
from pipeline_lib.episodes.batch import Batch
from pipeline_lib.methods import baselines
from pipeline_lib.methods.base import build_method
from pipeline_lib.methods.predict import validate
from pipeline_lib.partition.summary import SplitSummary
from pipeline_lib.schemas.split import TRAIN_USERS, VALIDATION_USERS
from pipeline_lib.storage.tables import write_json, write_table
from pipeline_lib.training import epoch_metrics
from pipeline_lib.training.fit import Folds
from pipeline_lib.training.job import Trained, TrainingStoppedError, run_training
from pipeline_lib.training.record import EpochRecord, TrainingJob, TrainingRecord, best_epoch
from pipeline_lib.training.step import TooLargeError
from tests.training.toy import (
    ADAPTIVE,
    CATALOGUE,
    FOLDS,
    GROUPS,
    LEARNERS,
    NETWORK,
    PROBLEM,
    TASK,
    batches,
    make_settings,
    only,
    raw_settings,
    spoil,
    state_bytes,
    train,
)

pytestmark = pytest.mark.usefixtures("_undone")

# The training users' ids in the log; their places in the fold are another matter.
NAMES = [f"u{97 - 3 * place}" for place in range(20)]
BASELINE: dict[str, object] = {"kind": "user-mean"}


def write_files(folder: Path, folds: Folds = FOLDS) -> dict[str, Path]:
    parts = ("catalogue", "vocabulary", "split", "train_users", "validation_users")
    files = {name: folder / name for name in ("train", "validation", *parts)}
    folds.train.save(files["train"])
    folds.validation.save(files["validation"])
    CATALOGUE.save(files["catalogue"])
    write_json(Vocabulary(user={"f": ["a"]}, item={"g": ["x", "y"]}), files["vocabulary"])
    write_table(pl.DataFrame({"user": NAMES}), TRAIN_USERS, files["train_users"])
    validation = pl.DataFrame({"user": NAMES[:10], "group": GROUPS})
    write_table(validation, VALIDATION_USERS, files["validation_users"])
    split = SplitSummary(
        sha256="f00d",
        seed=0,
        clean_users=30,
        users_dropped={},
        users=30,
        items=20,
        interactions=300,
        users_by_fold={},
        users_by_group={},
        common_value_share={},
    )
    write_json(split, files["split"])
    return files


def make_job(settings: dict[str, object], seed: int = 0) -> TrainingJob:
    return TrainingJob(
        experiment="sample/movielens",
        started=datetime(2021, 2, 3, tzinfo=UTC),
        dataset="toy",
        method="own-name",
        seed=seed,
        settings=settings,
        task=TASK.model_dump(mode="json"),
        network=NETWORK.model_dump(mode="json") if settings != BASELINE else None,
        device="cpu",
        threads=1,
        processes=1,
        code="c0de",
        environment={"torch": "2"},
    )


def run(
    job: TrainingJob,
    files: Mapping[str, Path],
    on_epoch: Callable[[EpochRecord], None] = lambda _: None,
) -> Trained:
    folder = files["train"].parent / "trial"
    return run_training(job, files, folder, torch.device("cpu"), on_epoch)


@pytest.mark.parametrize("kind", only(LEARNERS, "meta-sgd", "at-paml", "effects-paml"))
def test_a_job_trains_what_its_settings_say(kind: str, tmp_path: Path) -> None:
    seen: list[EpochRecord] = []
    job = make_job(raw_settings(kind, epochs=2), 3)
    trained = run(job, write_files(tmp_path), seen.append)
    method, history = train(kind, seed=3, epochs=2)
    assert state_bytes(trained.method) == state_bytes(method)
    assert seen == trained.history
    assert [e.validation_loss for e in seen] == [e.validation_loss for e in history]


def test_a_job_records_what_it_was(tmp_path: Path) -> None:
    job = make_job(raw_settings("at-paml"))
    record, history = (done := run(job, write_files(tmp_path))).record, done.history
    assert record.model_dump(include=set(TrainingJob.model_fields)) == job.model_dump()
    assert record.split_sha256 == "f00d"
    assert record.parameters == sum(p.numel() for p in done.method.parameters())
    assert record.best_epoch == best_epoch(history).epoch
    assert record.validation_loss == best_epoch(history).validation_loss
    assert record.seconds == sum(epoch.seconds for epoch in history)
    assert TrainingRecord.model_validate_json(record.model_dump_json()) == record


def test_a_record_costs_all_epochs_whoever_trained_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One is interrupted, the next one ends it; the last, as a team's job, finds it finished."""
    job, files = make_job(raw_settings("melu", epochs=3)), write_files(tmp_path)
    first: list[EpochRecord] = []

    def interrupt(epoch: EpochRecord) -> None:
        first.append(epoch)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(epoch_metrics, "peak_bytes", lambda _: 10**15)
        with pytest.raises(KeyboardInterrupt):
            run(job, files, interrupt)
    for _ in range(2):
        done = run(job, files)
        assert done.history[0] == first[0]
        assert done.record.seconds == sum(epoch.seconds for epoch in done.history)
        assert done.record.peak_bytes == 10**15


def test_the_figures_of_a_record_and_its_log_line(tmp_path: Path) -> None:
    done = run(make_job(raw_settings("melu")), write_files(tmp_path))
    record = done.record.model_copy(
        update={"validation_loss": 0.98765, "seconds": 12.34, "best_epoch": 3}
    )
    assert record.metrics() == {
        "best/validation_loss": 0.98765,
        "best/epoch": 3.0,
        "model/parameters": float(record.parameters),
        "job/seconds": 12.34,
    }
    assert str(record) == "epoch 3 chosen, validation loss 0.9877, 12.3 s in all"


def test_a_baseline_has_no_best_epoch_but_a_loss(tmp_path: Path) -> None:
    done = run(make_job(BASELINE), write_files(tmp_path))
    assert (done.history, done.record.best_epoch, done.record.parameters) == ([], None, 0)
    assert (
        done.record.validation_loss == validate(done.method, FOLDS.validation, CATALOGUE, TASK).loss
    )
    assert "best/epoch" not in done.record.metrics()
    assert str(done.record).startswith("validation loss ")


class TestStopped:
    def test_users_are_named_as_in_the_log(self, tmp_path: Path) -> None:
        files = write_files(tmp_path, spoil(FOLDS, [17, 3]))
        job = make_job(raw_settings("paml", users_per_batch=20))
        with pytest.raises(TrainingStoppedError) as caught:
            run(job, files)
        assert str(caught.value) == (
            "epoch 1, batch 1: a user's loss is as large as nan; lower outer_lr "
            f"or the inner learning rate (users {NAMES[3]}, {NAMES[17]})"
        )

    def test_without_users_none_are_named(self, tmp_path: Path) -> None:
        """All 20 users are one batch, so only validation meets the weights after its step."""
        job = make_job(raw_settings("melu", users_per_batch=20, epochs=1, outer_lr=1e30))
        with pytest.raises(TrainingStoppedError, match=r"validation loss is (inf|nan); [^()]*$"):
            run(job, write_files(tmp_path))

    @pytest.mark.parametrize("kind", ADAPTIVE)
    def test_the_method_is_as_before_the_step_that_failed(self, kind: str, tmp_path: Path) -> None:
        first = sorted(batches(0, 1)[0])
        files = write_files(tmp_path, spoil(FOLDS, first[2:4], math.inf))
        with pytest.raises(TrainingStoppedError) as caught:
            run(make_job(raw_settings(kind)), files)
        names = " ".join(f"{NAMES[user]}," for user in first[2:4]).rstrip(",")
        assert str(caught.value).endswith(f" (users {names})")
        fresh = build_method(make_settings(kind), PROBLEM, 0)
        assert state_bytes(caught.value.trained.method) == state_bytes(fresh)

    def test_rates_that_a_warm_up_did_not_use_are_met_by_validation(self, tmp_path: Path) -> None:
        seen: list[EpochRecord] = []
        job = make_job(raw_settings("at-paml", lr_max=1e30, users_per_batch=20))
        with pytest.raises(TrainingStoppedError, match=r"^epoch 1: the validation loss"):
            run(job, write_files(tmp_path), seen.append)
        assert seen == []

    def test_the_epochs_before_are_a_result(self, tmp_path: Path) -> None:
        """The first epoch warms up; the second meets rates of ten thousand."""
        settings = raw_settings("at-paml", lr_max=1e4, users_per_batch=20)
        files, seen = write_files(tmp_path), list[EpochRecord]()
        with pytest.raises(TrainingStoppedError) as caught:
            run(make_job(settings), files, seen.append)
        trained = caught.value.trained
        assert trained.history == seen
        assert (len(seen), trained.record.best_epoch) == (1, 1)
        assert trained.record.validation_loss == seen[0].validation_loss
        trained.checkpoint.remove()
        whole = run(make_job(settings | {"epochs": 1}), files)
        assert state_bytes(trained.method) == state_bytes(whole.method)

    def test_the_record_says_why_and_names_no_user(self, tmp_path: Path) -> None:
        files = write_files(tmp_path, spoil(FOLDS, [17, 3]))
        with pytest.raises(TrainingStoppedError) as caught:
            run(make_job(raw_settings("paml", users_per_batch=20)), files)
        record = caught.value.trained.record
        assert str(caught.value).startswith(f"{record.stopped} (users ")
        assert (record.best_epoch, record.validation_loss, record.seconds) == (None, None, 0)
        assert TrainingRecord.model_validate_json(record.model_dump_json()) == record
        assert record.metrics().keys() == {"model/parameters", "job/seconds"}


def test_a_record_of_a_whole_training_has_no_word_of_stops(tmp_path: Path) -> None:
    record = run(make_job(BASELINE), write_files(tmp_path)).record
    assert "stopped" not in record.model_dump_json()
    with pytest.raises(ValueError, match="no loss on validation users"):
        TrainingRecord.model_validate(record.model_dump() | {"validation_loss": None})


def test_a_user_too_large_for_the_memory_is_no_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A larger device would go on, so nothing is recorded."""

    class Short(baselines.MeLU):
        def losses(self, batch: Batch) -> Tensor:
            raise torch.OutOfMemoryError(f"CUDA out of memory: {len(batch)} users")

    monkeypatch.setitem(baselines.METHODS, "melu", Short)
    with pytest.raises(TooLargeError, match="one user alone is too much"):
        run(make_job(raw_settings("melu")), write_files(tmp_path))


def test_a_damaged_network_is_refused() -> None:
    job = make_job(raw_settings("melu")).model_dump()
    with pytest.raises(ValueError, match=re.escape("network.width")):
        TrainingJob.model_validate(job | {"network": {"width": 3}})


def test_a_job_runs_on_its_threads(tmp_path: Path) -> None:
    run(make_job(BASELINE), write_files(tmp_path))
    assert torch.get_num_threads() == 1
    assert torch.are_deterministic_algorithms_enabled()
