"""Train a method on training users, and choose its epoch on validation users."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from pipeline_lib.batch import Batch, take_batch
from pipeline_lib.episodes import Catalogue, Episodes
from pipeline_lib.methods.base import ClosedForm, Learner, Method
from pipeline_lib.methods.fold import fold_mse
from pipeline_lib.seeds import derive_seed
from pipeline_lib.settings.methods.base import LearnerSettings, MethodSettings


class TrainingError(Exception):
    """Training left the range of finite numbers."""


@dataclass(frozen=True)
class Epoch:
    """What one pass over the training users gave. seconds: wall-clock, training alone."""

    epoch: int
    train_loss: float
    validation_mse: float
    seconds: float

    def __str__(self) -> str:
        """Render as a log line."""
        return (
            f"epoch {self.epoch:>2}: training loss {self.train_loss:.4f}, "
            f"validation MSE {self.validation_mse:.4f}, {self.seconds:.1f} s"
        )


@dataclass(frozen=True)
class Folds:
    """What training may see: no test user."""

    train: Episodes
    validation: Episodes
    catalogue: Catalogue


def fit(
    method: Method,
    settings: MethodSettings,
    folds: Folds,
    seed: int,
    on_epoch: Callable[[Epoch], None],
) -> list[Epoch]:
    """Train a method and leave in it the weights of the epoch best on validation users.

    Raises TrainingError, naming the epoch and, for a loss, the users, when one is not finite.
    """
    if isinstance(method, ClosedForm):
        method.fit(folds.train)
        return []
    if not (isinstance(method, Learner) and isinstance(settings, LearnerSettings)):
        raise TypeError(f"{type(method).__name__} is neither a ClosedForm nor a Learner")
    return _descend(method, settings, folds, seed, on_epoch)


def _descend(
    method: Learner,
    settings: LearnerSettings,
    folds: Folds,
    seed: int,
    on_epoch: Callable[[Epoch], None],
) -> list[Epoch]:
    optimiser = torch.optim.Adam(method.parameters(), settings.outer_lr, fused=True)
    history: list[Epoch] = []
    best: dict[str, Tensor] = {}
    for number in range(1, settings.epochs + 1):
        start = time.perf_counter()
        batches = _shuffled(folds, settings.users_per_batch, derive_seed(seed, "epoch", number))
        losses = [_step(method, optimiser, batch, number) for batch in batches]
        seconds = time.perf_counter() - start
        mse = fold_mse(method, folds.validation, folds.catalogue)
        if not math.isfinite(mse):
            raise TrainingError(
                f"epoch {number}: the validation error is {mse}; lower outer_lr or the inner lr"
            )
        history.append(Epoch(number, sum(losses) / len(losses), mse, seconds))
        on_epoch(history[-1])
        if best_epoch(history) is history[-1]:
            best = {name: value.clone() for name, value in method.state_dict().items()}
    method.load_state_dict(best)
    return history


def best_epoch(history: list[Epoch]) -> Epoch:
    """Find the epoch with the lowest error on validation users, the first of equals."""
    return min(history, key=lambda epoch: epoch.validation_mse)


def _shuffled(folds: Folds, users_per_batch: int, seed: int) -> Iterator[Batch]:
    order = torch.randperm(len(folds.train), generator=torch.Generator().manual_seed(seed))
    for users in order.to(folds.train.user.device).split(users_per_batch):
        yield take_batch(folds.train, folds.catalogue, users)


def _step(method: Learner, optimiser: torch.optim.Optimizer, batch: Batch, epoch: int) -> float:
    loss = method.loss(batch)
    if not torch.isfinite(loss):
        raise TrainingError(
            f"epoch {epoch}: the loss is {loss.item()} on the users at rows "
            f"{sorted(batch.users.tolist())} of the training fold; lower outer_lr or the inner lr"
        )
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()
