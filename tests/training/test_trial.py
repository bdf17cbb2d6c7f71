"""A training as a job does it: the files that it leaves, also where it is stopped."""

import logging
from pathlib import Path

import polars as pl
import pytest
import torch
from pydantic import BaseModel

from pipeline_lib.methods.inner_loop import AdaptiveLearner
from pipeline_lib.storage.tables import read_json, write_json
from pipeline_lib.storage.tensors import read_tensors
from pipeline_lib.training import checkpoint
from pipeline_lib.training.attempt import FOLDER, End, read_attempt
from pipeline_lib.training.record import TrainingRecord
from pipeline_lib.training.search import CandidateResult
from pipeline_lib.training.step import TooLargeError
from pipeline_lib.training.stopped import StoppedTrainingsError, check_trainings
from pipeline_lib.training.trial import TrialFiles, train_trial, try_candidate
from tests.training.test_job import NAMES, make_job, write_files
from tests.training.toy import FOLDS, raw_settings, spoil

pytestmark = pytest.mark.usefixtures("_undone")
LOG = logging.getLogger("test")


def train(folder: Path, kind: str, spoilt: tuple[int, ...] = (), **changes: object) -> TrialFiles:
    files = write_files(folder, spoil(FOLDS, spoilt) if spoilt else FOLDS)
    own = folder / "trial"
    out = TrialFiles(*(own / name for name in ("weights", "history", "training.json")))
    job = make_job(raw_settings(kind, users_per_batch=20, **changes))
    train_trial(job, files, out, 1, 1, LOG)
    assert not (own / checkpoint.NAME).exists()
    return out


def end_of(out: TrialFiles) -> End:
    (attempt,) = (out.record.parent / FOLDER).iterdir()
    end = read_attempt(attempt).end
    assert end is not None
    return end


def test_a_training_that_is_stopped_leaves_what_came_before(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The first epoch warms up; the second meets rates of ten thousand."""
    out = train(tmp_path, "at-paml", lr_max=1e4)
    record = read_json(out.record, TrainingRecord)
    assert str(record.stopped).startswith("epoch 2, batch 1: a user's loss is as large as")
    assert pl.read_parquet(out.history)["epoch"].unique().to_list() == [1]
    assert all(tensor.isfinite().all() for tensor in read_tensors(out.weights).values())
    assert f"the weights of the best epoch so far are in {out.weights}" in caplog.text
    assert str(end_of(out).error).startswith(f"TrainingStoppedError: {record.stopped} (users ")


def test_one_without_an_epoch_leaves_its_first_weights_and_names_users(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    out = train(tmp_path, "melu", (17, 3))
    assert pl.read_parquet(out.history).is_empty()
    assert read_tensors(out.weights)
    assert f"(users {NAMES[3]}, {NAMES[17]})" in caplog.text


def test_a_candidate_that_is_stopped_is_out_and_leaves_no_checkpoint(tmp_path: Path) -> None:
    files = write_files(tmp_path, FOLDS)
    job = make_job(raw_settings("at-paml", users_per_batch=20))
    record = tmp_path / "trial" / "training.json"
    try_candidate(job, {"lr_max": 1e4}, files, record, 1, LOG)
    result = read_json(record, CandidateResult)
    assert (result.validation_loss, result.best_epoch) == (None, None)
    assert str(result.stopped).startswith("epoch 2, batch 1: ")
    assert not (tmp_path / "trial" / checkpoint.NAME).exists()


def test_a_candidate_too_large_for_the_memory_is_not_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others may have filled the memory meanwhile, so nothing is recorded."""

    def fail(*_: object) -> None:
        raise torch.OutOfMemoryError

    monkeypatch.setattr(AdaptiveLearner, "losses", fail)
    record = tmp_path / "trial" / "training.json"
    job = make_job(raw_settings("melu"))
    with pytest.raises(TooLargeError):
        try_candidate(job, {}, write_files(tmp_path, FOLDS), record, 1, LOG)
    assert not record.exists()


def test_a_candidate_leaves_its_loss_and_no_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The checkpoint is there until the loss is."""
    record, job = tmp_path / "trial" / "training.json", make_job(raw_settings("melu"))
    kept = list[bool]()
    file = record.with_name(checkpoint.NAME)

    def write(model: BaseModel, path: Path) -> None:
        kept.append(file.exists())
        write_json(model, path)

    monkeypatch.setattr("pipeline_lib.training.trial.write_json", write)
    try_candidate(job, {"inner_lr": 0.01}, write_files(tmp_path, FOLDS), record, 1, LOG)
    assert (kept, file.exists()) == ([True], False)
    result = read_json(record, CandidateResult)
    assert result.stopped is None
    assert result.validation_loss is not None


def test_the_end_of_a_run_names_what_was_stopped(tmp_path: Path) -> None:
    for name in ("whole", "late", "early"):
        (tmp_path / name).mkdir()
    outs = {
        "whole": train(tmp_path / "whole", "melu", epochs=1),
        "late": train(tmp_path / "late", "at-paml", lr_max=1e4),
        "early": train(tmp_path / "early", "melu", (17, 3)),
    }
    records = {Path(name): read_json(out.record, TrainingRecord) for name, out in outs.items()}
    assert end_of(outs["whole"]).error is None
    check_trainings({Path("whole"): records[Path("whole")]})
    with pytest.raises(StoppedTrainingsError) as caught:
        check_trainings(records)
    first, *lines, last = str(caught.value).splitlines()
    assert first.startswith("2 of 3 trainings were stopped")
    assert lines == [
        f"  toy own-name seed 0: {records[Path('late')].stopped}",
        "    its last good weights, of epoch 1: late/weights.safetensors",
        f"  toy own-name seed 0: {records[Path('early')].stopped}",
        "    its last good weights, the first ones, as no epoch ended: early/weights.safetensors",
    ]
    assert last.startswith("Lower outer_lr or the inner learning rate of these methods")
