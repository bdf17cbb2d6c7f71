"""Train a method on training users, and choose its epoch on validation users."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import polars as pl
import torch
from torch import Tensor

from pipeline_lib.batch import Batch, take_batch
from pipeline_lib.episodes import Catalogue, Episodes
from pipeline_lib.methods.base import ClosedForm, Learner, Method
from pipeline_lib.methods.fold import judge_fold
from pipeline_lib.seeds import derive_seed
from pipeline_lib.settings.methods.base import LearnerSettings, MethodSettings
from pipeline_lib.settings.task import Task
from pipeline_lib.training.watch import memory_figures, validation_figures

EXPLODED = 1e6


class TrainingError(Exception):
    """Training left the range of sound numbers. users: places in the training fold."""

    def __init__(self, message: str, users: list[int]) -> None:
        super().__init__(message)
        self.users = users


@dataclass(frozen=True)
class Epoch:
    """What one pass over the training users gave.

    seconds: wall-clock, training alone. measures: what the method reports besides. watched: what
    is seen from outside, such as gradients, validation metrics and memory.
    """

    epoch: int
    train_loss: float
    validation_loss: float
    seconds: float
    measures: dict[str, float]
    watched: dict[str, float]

    def figures(self) -> dict[str, float]:
        """List all numbers by name; what stands before a `/` brings together what is alike."""
        own = {
            "train/loss": self.train_loss,
            "validation/loss": self.validation_loss,
            "epoch/seconds": self.seconds,
        }
        return own | {f"method/{name}": x for name, x in self.measures.items()} | self.watched

    def __str__(self) -> str:
        """Render as a log line."""
        measures = "".join(f", {name} {value:.4g}" for name, value in self.measures.items())
        return (
            f"epoch {self.epoch:>2}: training loss {self.train_loss:.4f}, "
            f"validation loss {self.validation_loss:.4f}, {self.seconds:.1f} s{measures}"
        )


@dataclass(frozen=True)
class Folds:
    """What training may see: no test user.

    groups: major or minor, of each validation user; no method sees them.
    """

    train: Episodes
    validation: Episodes
    catalogue: Catalogue
    task: Task
    groups: pl.Series


def fit(
    method: Method,
    settings: MethodSettings,
    folds: Folds,
    seed: int,
    on_epoch: Callable[[Epoch], None],
) -> list[Epoch]:
    """Train a method and leave in it the weights of the epoch best on validation users.

    Raises TrainingError when a user's loss is not finite or above a million, when a gradient is
    not finite, or the validation loss; the method then has the weights of the epoch best so far,
    or those it began with.
    """
    if isinstance(method, ClosedForm):
        method.fit(folds.train)
        return []
    if not (isinstance(method, Learner) and isinstance(settings, LearnerSettings)):
        raise TypeError(f"{type(method).__name__} is neither a ClosedForm nor a Learner")
    history: list[Epoch] = []
    best = _copy(method)
    try:
        for epoch in _descend(method, settings, folds, seed):
            history.append(epoch)
            on_epoch(epoch)
            if best_epoch(history) is epoch:
                best = _copy(method)
    finally:
        method.load_state_dict(best)
    return history


def _descend(
    method: Learner, settings: LearnerSettings, folds: Folds, seed: int
) -> Iterator[Epoch]:
    optimiser = torch.optim.Adam(method.parameters(), settings.outer_lr, fused=True)
    for number in range(1, settings.epochs + 1):
        start = time.perf_counter()
        batches = _shuffled(folds, settings.users_per_batch, derive_seed(seed, "epoch", number))
        steps = [
            _step(method, optimiser, batch, f"epoch {number}, batch {place}")
            for place, batch in enumerate(batches, start=1)
        ]
        measures, seconds = method.end_epoch(), time.perf_counter() - start
        judged = judge_fold(method, folds.validation, folds.catalogue, folds.task)
        if not math.isfinite(judged.loss):
            message = f"epoch {number}: the validation loss is {judged.loss}"
            raise TrainingError(_advise(message), [])
        loss, norm = (sum(values) / len(steps) for values in zip(*steps, strict=True))
        watched = {
            "gradient/norm": norm,
            "step/seconds": seconds / len(steps),
            **validation_figures(judged, folds.validation, folds.groups, folds.task),
            **memory_figures(judged.score.device),
        }
        yield Epoch(number, loss, judged.loss, seconds, measures, watched)


def best_epoch(history: list[Epoch]) -> Epoch:
    """Find the epoch with the lowest loss on validation users, the first of equals."""
    return min(history, key=lambda epoch: epoch.validation_loss)


def _copy(method: Method) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in method.state_dict().items()}


def _shuffled(folds: Folds, users_per_batch: int, seed: int) -> Iterator[Batch]:
    order = torch.randperm(len(folds.train), generator=torch.Generator().manual_seed(seed))
    for users in order.to(folds.train.user.device).split(users_per_batch):
        yield take_batch(folds.train, folds.catalogue, users)


def _step(
    method: Learner, optimiser: torch.optim.Optimizer, batch: Batch, where: str
) -> tuple[float, float]:
    """Take a step of the optimiser; return the loss and the norm of its gradient."""
    losses = method.losses(batch)
    sound = losses.detach().abs() <= EXPLODED
    if not sound.all():
        worst = losses.detach()[~sound].abs().max().item()
        message = f"{where}: a user's loss is as large as {worst:.3g}"
        raise TrainingError(_advise(message), sorted(batch.users[~sound].tolist()))
    optimiser.zero_grad()
    loss = losses.mean()
    loss.backward()
    gradients = [p.grad for p in method.parameters() if p.grad is not None]
    norm = torch.nn.utils.get_total_norm(gradients).item()
    if not math.isfinite(norm):
        message = f"{where}: the gradient of the loss is not finite"
        raise TrainingError(_advise(message), sorted(batch.users.tolist()))
    optimiser.step()
    method.after_step()
    return loss.item(), norm


def _advise(message: str) -> str:
    return f"{message}; lower outer_lr or the inner learning rate"
