"""Training that was cut off ends with the bytes of training that was not."""

import math
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from pipeline_lib.episodes.batch import Batch
from pipeline_lib.methods.base import Learner, Method, build_method
from pipeline_lib.training.checkpoint import NAME, Checkpoint
from pipeline_lib.training.fit import fit
from pipeline_lib.training.record import EpochRecord
from tests.training.toy import (
    FOLDS,
    LEARNERS,
    PROBLEM,
    make_settings,
    state_bytes,
    train,
    train_once,
)

FLANN = {"trees": 2, "checks": 16, "rebuild_every": 4, "drift": 0.1}
WAYS: list[tuple[str, dict[str, Any]]] = [
    *((kind, {}) for kind in LEARNERS),
    ("melu", {"schedule": "one-cycle", "weight_decay": 0.1, "support_share": [0.4, 0.8]}),
    ("at-paml", {"index": "flann", "flann": FLANN, "known_users": "replace", "memory_size": 12}),
    ("at-paml", {"known_users": "append", "memory_size": 22}),
]
BATCHES = [4, 6, 7, 9, 3, 1]


class CutOffError(Exception):
    """The power is gone."""


def cut_off(learner: Learner, last: int) -> None:
    """Let a learner fail in a batch, counted over all epochs from 1."""
    losses, count = learner.losses, 0

    def failing(batch: Batch) -> Tensor:
        nonlocal count
        count += 1
        if count == last:
            raise CutOffError
        return losses(batch)

    learner.losses = failing  # type: ignore[method-assign]


def resume(
    kind: str, folder: Path, batch: int | None, what: str = "it", **changes: object
) -> tuple[Method, list[EpochRecord]]:
    """Train with a checkpoint; of three batches an epoch, one may fail."""
    settings = make_settings(kind, **changes)
    learner = build_method(settings, PROBLEM, 0)
    assert isinstance(learner, Learner)
    if batch is not None:
        cut_off(learner, batch)
    seen: list[EpochRecord] = []
    fit(learner, settings, FOLDS, 0, seen.append, Checkpoint(folder, what))
    return learner, seen


def untimed(history: list[EpochRecord]) -> list[EpochRecord]:
    timed = ("step/seconds", "memory/process_mb")
    return [
        replace(e, seconds=0.0, watched={n: x for n, x in e.watched.items() if n not in timed})
        for e in history
    ]


def cuts() -> list[object]:
    """Each way with a batch where it is cut off, AT-PAML's with each: it has most to take up."""
    return [
        pytest.param(
            kind,
            changes,
            batch,
            id=f"{kind}, {batch}{', changed' if changes else ''}",
            marks=() if turn % len(BATCHES) == number else pytest.mark.slow,
        )
        for turn, (kind, changes) in enumerate(WAYS)
        for number, batch in enumerate(BATCHES)
        if turn % len(BATCHES) == number or kind == "at-paml"
    ]


@pytest.mark.parametrize(("kind", "changes", "batch"), cuts())
def test_it_goes_on_after_the_last_whole_epoch(
    kind: str, changes: dict[str, Any], batch: int, tmp_path: Path
) -> None:
    changes = {"epochs": 3} | changes
    whole, history = train_once(kind, **changes) if len(changes) == 1 else train(kind, **changes)
    with pytest.raises(CutOffError):
        resume(kind, tmp_path, batch, **changes)
    assert (tmp_path / NAME).is_file() == (batch > 3)
    left = 9 - 3 * ((batch - 1) // 3)
    method, seen = resume(kind, tmp_path, left + 1, **changes)  # so many batches, and no more
    assert state_bytes(method) == state_bytes(whole)
    assert untimed(seen) == untimed(history)


def test_it_may_be_cut_off_again_and_again(tmp_path: Path) -> None:
    whole, history = train_once("at-paml", epochs=3)
    for _ in range(2):
        with pytest.raises(CutOffError):
            resume("at-paml", tmp_path, 5, epochs=3)
    method, seen = resume("at-paml", tmp_path, None, epochs=3)
    assert state_bytes(method) == state_bytes(whole)
    assert untimed(seen) == untimed(history)


def test_what_is_of_something_else_is_not_taken_up(tmp_path: Path) -> None:
    resume("paml", tmp_path, None, "other", epochs=1)
    method, seen = resume("paml", tmp_path, None, epochs=2)
    assert len(seen) == 2
    assert state_bytes(method) == state_bytes(train_once("paml", epochs=2)[0])


@pytest.mark.parametrize("size", [0, 7, 1000])
def test_a_damaged_checkpoint_is_not_used(
    size: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    resume("melu", tmp_path, None, epochs=2)
    path = tmp_path / NAME
    path.write_bytes(path.read_bytes()[:size])
    method, _ = resume("melu", tmp_path, None, epochs=2)
    assert "is damaged" in caplog.text
    assert state_bytes(method) == state_bytes(train_once("melu", epochs=2)[0])


def test_where_none_can_be_written_training_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "a file"
    folder.write_text("")
    method, _ = resume("melu", folder, None, epochs=2)
    assert caplog.text.count("no checkpoint after this epoch") == 2
    assert state_bytes(method) == state_bytes(train_once("melu", epochs=2)[0])


def test_the_best_epoch_may_lie_before_the_cut(tmp_path: Path) -> None:
    """The outer rate makes the first epochs the best."""
    changes: dict[str, Any] = {"outer_lr": 0.3, "epochs": 6}
    whole, history = train("melu", **changes)
    assert min(history, key=lambda e: e.validation_loss).epoch < 5
    with pytest.raises(CutOffError):
        resume("melu", tmp_path, 16, **changes)
    method, _ = resume("melu", tmp_path, None, **changes)
    assert state_bytes(method) == state_bytes(whole)


def test_infinite_figures_survive(tmp_path: Path) -> None:
    class Odd(type(build_method(make_settings("melu"), PROBLEM, 0))):  # type: ignore[misc]
        def end_epoch(self) -> dict[str, float]:
            return {"odd": math.inf, "third": 1 / 3}

    settings = make_settings("melu", epochs=2)
    histories = [
        fit(Odd(settings, PROBLEM), settings, FOLDS, 0, lambda _: None, Checkpoint(tmp_path, "it"))
        for _ in range(2)
    ]
    assert histories[0] == histories[1]
    assert histories[1][1].measures == {"odd": math.inf, "third": 1 / 3}
    assert torch.isfinite(torch.tensor(histories[0][0].validation_loss))


def test_a_second_training_of_a_trial_waits_for_the_first(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The first may have outlived the workflow that started it."""
    order = []

    def train_second() -> None:
        with Checkpoint(tmp_path, "it").held():
            order.append("second")

    with ThreadPoolExecutor() as pool:
        with Checkpoint(tmp_path, "it").held():
            second = pool.submit(train_second)
            while "waiting for it to end" not in caplog.text and not second.done():
                time.sleep(0.01)
            order.append("first")
        second.result()
    assert order == ["first", "second"]
