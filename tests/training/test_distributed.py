"""A team trains what one process does: the same losses, weights and memory."""

import json
import math
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from torch import Tensor

from pipeline_lib.devices import team as team_module
from pipeline_lib.devices.team import Team
from pipeline_lib.methods.at_paml import ATPAML
from pipeline_lib.methods.base import Method, build_method
from pipeline_lib.settings.methods.base import MethodSettings
from pipeline_lib.training import distributed
from pipeline_lib.training import fit as fit_module
from pipeline_lib.training.checkpoint import NAME
from pipeline_lib.training.distributed import train_as_team
from pipeline_lib.training.fit import Folds, fit
from pipeline_lib.training.job import Trained, TrainingStoppedError, run_training
from pipeline_lib.training.record import EpochRecord, TrainingJob
from pipeline_lib.training.step import TooLargeError, TrainingError
from tests.training.test_job import NAMES, make_job, run, write_files
from tests.training.toy import (
    FOLDS,
    LEARNERS,
    PROBLEM,
    make_settings,
    only,
    raw_settings,
    spoil,
    state_bytes,
    train_once,
)

CPU = torch.device("cpu")
pytestmark = pytest.mark.usefixtures("_undone")


def team_of(job: TrainingJob, folder: Path, size: int) -> tuple[Trained, list[EpochRecord]]:
    files, seen = write_files(folder), list[EpochRecord]()
    job = job.model_copy(update={"processes": size})
    trial = folder / "team"
    train_as_team(job, files, trial, [CPU] * size, 1, seen.append)
    trained = run_training(job, files, trial, CPU, lambda _: None)
    assert trained.history == seen  # to the second: nothing was trained again
    assert trained.record.seconds == sum(epoch.seconds for epoch in seen)
    return trained, seen


def compare(job: TrainingJob, folder: Path, size: int) -> tuple[Trained, Trained]:
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


class Threads:
    """The sums and gathers of torch.distributed, among threads of this process."""

    def __init__(self, size: int) -> None:
        self.barrier = threading.Barrier(size, timeout=60)
        self.sent: list[Tensor] = [torch.empty(0)] * size
        self.own = threading.local()

    def exchange(self, tensor: Tensor) -> list[Tensor]:
        self.sent[self.own.rank] = tensor.clone()
        self.barrier.wait()
        found = [*self.sent]
        self.barrier.wait()
        return found

    def all_reduce(self, tensor: Tensor) -> None:
        tensor.copy_(torch.stack(self.exchange(tensor)).sum(0))

    def all_gather(self, parts: list[Tensor], tensor: Tensor) -> None:
        for part, sent in zip(parts, self.exchange(tensor), strict=True):
            part.copy_(sent)


@pytest.fixture
def train_in_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., list[tuple[Method, list[EpochRecord]]]]:
    """Train in two threads, each with a method of its own as a process has; return them all."""
    threads = Threads(2)
    monkeypatch.setattr(team_module, "dist", threads)

    def train(rank: int, method: Method, settings: MethodSettings, folds: Folds) -> object:
        threads.own.rank = rank
        history = list[EpochRecord]()
        fit(method, settings, folds, 0, history.append, team=Team(rank, 2))
        return method, history

    def train_all(kind: str, folds: Folds = FOLDS, **changes: object) -> list[object]:
        settings = make_settings(kind, **changes)
        # Threads share torch's random numbers, with which weights begin; processes do not.
        methods = [build_method(settings, PROBLEM, 0) for _ in range(2)]
        with ThreadPoolExecutor(2) as pool:
            running = [pool.submit(train, n, own, settings, folds) for n, own in enumerate(methods)]
            return [job.result() for job in running]

    return train_all  # type: ignore[return-value]


ODD = {"users_per_batch": 19, "epochs": 3}


@pytest.mark.parametrize("kind", only(LEARNERS, "at-paml", "tanp", "transfer"))
def test_two_take_the_same_steps_as_one(
    kind: str,
    train_in_threads: Callable[..., list[tuple[Method, list[EpochRecord]]]],
) -> None:
    """20 users in batches of 19 and 1; AT-PAML's memory has room for 19.

    A divergence near 0, as TaNP's clusters', is the rounding of float32 numbers near 1.
    """
    changes = ODD | ({"memory_size": 19} if kind == "at-paml" else {})
    alone, expected = train_once(kind, **changes)
    first, second = train_in_threads(kind, **changes)
    assert state_bytes(first[0]) == state_bytes(second[0])
    for name, tensor in alone.state_dict().items():
        torch.testing.assert_close(first[0].state_dict()[name], tensor, rtol=1e-4, atol=1e-5)
    for epoch, own in zip(expected, first[1], strict=True):
        figures, wanted = (
            {n: x for n, x in e.metrics().items() if n not in TIMED} for e in (own, epoch)
        )
        assert figures == pytest.approx(wanted, rel=1e-4, abs=1e-7)


TIMED = ("epoch/seconds", "step/seconds", "memory/process_mb")


def test_what_stops_one_stops_the_other_with_the_same_users(
    train_in_threads: Callable[..., list[tuple[Method, list[EpochRecord]]]],
) -> None:
    with pytest.raises(TrainingError, match="as large as nan") as caught:
        train_in_threads("paml", spoil(FOLDS, [17, 3]), users_per_batch=20)
    assert caught.value.users == [3, 17]


def test_reports_are_handed_on_and_an_error_comes_back() -> None:
    """What a first process writes is what the job reads."""
    seen, epoch = list[EpochRecord](), EpochRecord(1, 0.5, math.inf, 2.0, {"nodes": 3.0}, {})
    first, *ends = map(
        json.dumps,
        ({"epoch": asdict(epoch)}, {"finished": True}, {"stopped": "nan", "users": [3]}),
    )
    assert distributed._read_reports([first, ends[0]], seen.append) is None
    assert seen == [epoch]
    with pytest.raises(ChildProcessError, match="before training did"):
        distributed._read_reports([first], seen.append)
    stopped = distributed._read_reports([first, ends[1]], seen.append)
    assert stopped is not None
    assert (str(stopped), stopped.users) == ("nan", [3])
    too_large = json.dumps({"too_large": "one user"})
    with pytest.raises(TooLargeError, match="one user"):
        distributed._read_reports([too_large, too_large], seen.append)


def test_what_is_no_report_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """NCCL writes to standard output what sites ask of it, and libraries what they like."""
    lines = ["NCCL version 2.27\n", '{"no": "report"}\n', "7\n", '{"finished": true}\n', "bye\n"]
    with caplog.at_level("INFO"):
        assert distributed._read_reports(lines, lambda _: None) is None
    assert caplog.messages == ["NCCL version 2.27", '{"no": "report"}', "7", "bye"]


def test_processes_that_would_go_on_after_different_epochs_stop(
    train_in_threads: Callable[..., list[tuple[Method, list[EpochRecord]]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As where one of several nodes does not see the checkpoint yet."""
    real = fit_module._check_alike

    def apart(epochs: int, team: Team, device: torch.device) -> None:
        real(epochs + team.rank, team, device)

    monkeypatch.setattr(fit_module, "_check_alike", apart)
    with pytest.raises(RuntimeError, match=r"found checkpoints of \[0, 1\] epochs"):
        train_in_threads("melu")


@pytest.mark.slow
def test_three_processes_have_the_same_memory_and_a_batch_may_have_fewer_users_than_these(
    tmp_path: Path,
) -> None:
    """20 users in batches of 19 and 1; the memory has room for 19."""
    batches = {"users_per_batch": 19, "memory_size": 19}
    settings = raw_settings("at-paml", known_users="replace", epochs=3, **batches)
    alone, together = compare(make_job(settings), tmp_path, size=3)
    assert isinstance(alone.method, ATPAML)
    assert isinstance(together.method, ATPAML)
    assert torch.equal(alone.method.memory.user, together.method.memory.user)
    assert torch.equal(alone.method.memory.last_used, together.method.memory.last_used)


SHORT = """
import os
from typing import Literal
from pipeline_lib.methods.baselines import MeLU
from pipeline_lib.settings.methods.baselines import MeLUSettings

class ShortSettings(MeLUSettings):
    kind: Literal["short"]

class Short(MeLU):
    def losses(self, batch):
        if os.environ["RANK"] == "1":
            raise MemoryError
        return super().losses(batch)

METHODS = {"short": Short}
"""


@pytest.mark.slow
def test_a_process_whose_memory_is_too_small_ends_all_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Not the first one, which reports; and nothing is left in the folder of temporary files."""
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setenv("PIPELINE_METHOD_DIR", str(tmp_path / "methods"))
    for name in ("tmp", "methods"):
        (tmp_path / name).mkdir()
    (tmp_path / "methods/short.py").write_text(SHORT)
    files, job = write_files(tmp_path), make_job(raw_settings("melu") | {"kind": "short"})
    with pytest.raises(TooLargeError, match="one user alone is too much"), caplog.at_level("INFO"):
        train_as_team(job, files, tmp_path / "team", [CPU] * 2, 1, lambda _: None)
    assert "out of memory; from now on every batch is cut into 2 parts" in caplog.text
    assert [*(tmp_path / "tmp").iterdir()] == []


@pytest.mark.slow
def test_what_stops_one_process_stops_all_and_names_the_users(tmp_path: Path) -> None:
    files = write_files(tmp_path, spoil(FOLDS, [17, 3]))
    job = make_job(raw_settings("paml", users_per_batch=20))
    with pytest.raises(TrainingStoppedError) as caught:
        train_as_team(job, files, tmp_path / "team", [CPU] * 2, 1, lambda _: None)
    assert str(caught.value).endswith(f"(users {NAMES[3]}, {NAMES[17]})")
    assert (caught.value.trained.history, caught.value.trained.record.best_epoch) == ([], None)
    assert not (tmp_path / "team" / NAME).exists()
