"""Two processes over gloo train what one does: the same losses, weights and memory."""

from pathlib import Path

import pytest
import torch

from pipeline_lib.methods.at_paml import ATPAML
from pipeline_lib.training.checkpoint import NAME
from pipeline_lib.training.job import Trained, TrainingStoppedError, run_training
from pipeline_lib.training.processes import train_as_team
from pipeline_lib.training.record import Epoch, TrainingJob
from tests.training.test_job import NAMES, make_job, run, write_files
from tests.training.toy import FOLDS, LEARNERS, raw_settings, spoil

CPU = torch.device("cpu")
pytestmark = pytest.mark.usefixtures("_undone")


def team_of(job: TrainingJob, folder: Path, size: int = 2) -> tuple[Trained, list[Epoch]]:
    files, seen = write_files(folder), list[Epoch]()
    job = job.model_copy(update={"processes": size})
    trial = folder / "team"
    train_as_team(job, files, trial, [CPU] * size, seen.append)
    trained = run_training(job, files, trial, CPU, lambda _: None)
    assert trained.history == seen  # to the second: nothing was trained again
    return trained, seen


def compare(job: TrainingJob, folder: Path, size: int = 2) -> tuple[Trained, Trained]:
    alone = run(job, write_files(folder))
    together, seen = team_of(job, folder, size)
    for name, tensor in alone.method.state_dict().items():
        own = together.method.state_dict()[name]
        torch.testing.assert_close(own, tensor, rtol=1e-4, atol=1e-5)
    for epoch, expected in zip(seen, alone.history, strict=True):
        assert epoch.train_loss == pytest.approx(expected.train_loss, rel=1e-5)
        assert epoch.validation_loss == pytest.approx(expected.validation_loss, rel=1e-5)
        assert epoch.watched["gradient/norm"] == pytest.approx(
            expected.watched["gradient/norm"], rel=1e-4
        )
    return alone, together


def test_at_paml_has_the_same_memory_and_a_batch_may_have_fewer_users_than_processes(
    tmp_path: Path,
) -> None:
    """20 users in batches of 19 and 1; the memory has room for 19."""
    settings = raw_settings("at-paml", users_per_batch=19, memory_size=19, epochs=3)
    alone, together = compare(make_job(settings), tmp_path)
    assert isinstance(alone.method, ATPAML)
    assert isinstance(together.method, ATPAML)
    assert torch.equal(alone.method.memory.user, together.method.memory.user)
    assert torch.equal(alone.method.memory.last_used, together.method.memory.last_used)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [kind for kind in LEARNERS if kind != "at-paml"])
def test_every_learner_trains_alike(kind: str, tmp_path: Path) -> None:
    compare(make_job(raw_settings(kind)), tmp_path)


@pytest.mark.slow
def test_three_processes_do_too(tmp_path: Path) -> None:
    compare(make_job(raw_settings("at-paml", known_users="replace")), tmp_path, size=3)


def test_what_stops_one_process_stops_all_and_names_the_users(tmp_path: Path) -> None:
    files = write_files(tmp_path, spoil(FOLDS, [17, 3]))
    job = make_job(raw_settings("paml", users_per_batch=20))
    with pytest.raises(TrainingStoppedError) as caught:
        train_as_team(job, files, tmp_path / "team", [CPU] * 2, lambda _: None)
    assert str(caught.value).endswith(f"(users {NAMES[3]}, {NAMES[17]})")
    assert not (tmp_path / "team" / NAME).exists()
