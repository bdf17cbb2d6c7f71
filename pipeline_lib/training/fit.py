"""Train a method on training users, and choose its epoch on validation users."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import polars as pl
import torch
from torch import Tensor

from pipeline_lib.devices.team import ALONE, Team
from pipeline_lib.episodes.draws import Draws
from pipeline_lib.episodes.format import Catalogue, Episodes
from pipeline_lib.episodes.subsets import deal_rows
from pipeline_lib.methods.base import ClosedForm, Learner, Method
from pipeline_lib.methods.predict import validate
from pipeline_lib.seeds import derive_seed
from pipeline_lib.settings.methods.base import LearnerSettings, MethodSettings
from pipeline_lib.settings.task import Task
from pipeline_lib.training.adamw import AdamW
from pipeline_lib.training.checkpoint import Checkpoint, Progress
from pipeline_lib.training.epoch_metrics import peak_memory, validation_metrics
from pipeline_lib.training.graph import GraphStepper, can_record
from pipeline_lib.training.record import EpochRecord, best_epoch
from pipeline_lib.training.step import Stepper, Steps, TrainingError, advise

# one-cycle: the share of the steps in which the rate rises, and the share of the rate at the start.
RISING, FIRST = 0.3, 1 / 25


def rate_share(schedule: Literal["constant", "one-cycle"], done: float) -> float:
    """Return the share of the outer rate to use after a share `done` of all steps.

    one-cycle: rises linearly from 1/25 to 1 in the first three tenths, then falls to 0 as half a
    cosine (Smith 2018).
    """
    if schedule == "constant":
        return 1.0
    if done < RISING:
        return FIRST + (1 - FIRST) * done / RISING
    return (1 + math.cos(math.pi * (done - RISING) / (1 - RISING))) / 2


@dataclass(frozen=True)
class Folds:
    """The data of a training, without any test user.

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
    on_epoch: Callable[[EpochRecord], None],
    checkpoint: Checkpoint | None = None,
    team: Team = ALONE,
) -> list[EpochRecord]:
    """Train a method; afterwards it has the weights of the epoch with the lowest validation loss.

    Returns the epochs, none for a closed-form method. With a checkpoint, a training that was
    interrupted is resumed, and `on_epoch` gets the earlier epochs as well. The first process of a
    team writes the checkpoint.

    Raises TrainingError when a user's loss is not finite or above a million, or when a gradient or
    the validation loss is not finite; the method then has the weights of the best epoch so far, or
    its initial ones.
    """
    if isinstance(method, ClosedForm):
        method.fit(folds.train, folds.catalogue)
        return []
    if not (isinstance(method, Learner) and isinstance(settings, LearnerSettings)):
        raise TypeError(f"{type(method).__name__} is neither a ClosedForm nor a Learner")
    method.warm_start(folds.train)
    decay, clip_norm = settings.weight_decay, settings.clip_norm
    optimiser = AdamW(method.parameters(), settings.outer_lr, decay, clip_norm)
    kind = GraphStepper if _fits_a_graph(method, settings, folds, team) else Stepper
    stepper = kind(method, optimiser, folds.train, folds.catalogue, team)
    progress = checkpoint.load(method, optimiser) if checkpoint else None
    progress = progress or Progress([], _copy(method))
    _check_alike(len(progress.history), team, folds.train.user.device)
    for epoch in progress.history:
        on_epoch(epoch)
    try:
        for epoch in _descend(stepper, settings, folds, seed, len(progress.history)):
            history = [*progress.history, epoch]
            best = _copy(method) if best_epoch(history) is epoch else progress.best
            progress = Progress(history, best)
            if checkpoint and team.rank == 0:
                checkpoint.save(progress, method, optimiser)
            on_epoch(epoch)
    finally:
        method.load_state_dict(progress.best)
    return progress.history


def _check_alike(epochs: int, team: Team, device: torch.device) -> None:
    """Raise RuntimeError unless all processes of a team go on after the same epoch."""
    own = {"epochs": torch.tensor([epochs], device=device)}
    found = team.join(own, team.size)["epochs"].tolist()
    if len({*found}) > 1:
        raise RuntimeError(
            f"the processes found checkpoints of {found} epochs; run snakemake again once all of "
            "them see the same files"
        )


def _fits_a_graph(method: Learner, settings: LearnerSettings, folds: Folds, team: Team) -> bool:
    """Return whether every epoch takes the same operations on the same data, on one GPU."""
    alone = team.size == 1 and folds.train.user.is_cuda
    return alone and can_record(method) and not settings.support_share


def _descend(
    stepper: Stepper, settings: LearnerSettings, folds: Folds, seed: int, done: int
) -> Iterator[EpochRecord]:
    method = stepper.method
    for number in range(done + 1, settings.epochs + 1):
        start = time.perf_counter()
        method.draws = Draws(derive_seed(seed, "draws", number))
        method.begin_epoch(number)
        steps = _pass(stepper, settings, folds.train, seed, number)
        measures, seconds = method.end_epoch(), time.perf_counter() - start
        validation = validate(method, folds.validation, folds.catalogue, folds.task, stepper.team)
        if not math.isfinite(validation.loss):
            message = f"epoch {number}: the validation loss is {validation.loss}"
            raise TrainingError(advise(message), [])
        loss, norm = (sum(values) / len(steps) for values in zip(*steps, strict=True))
        watched = {
            "gradient/norm": norm,
            "step/seconds": seconds / len(steps),
            **validation_metrics(validation, folds.validation, folds.groups, folds.task),
            **peak_memory(validation.score.device),
        }
        yield EpochRecord(number, loss, validation.loss, seconds, measures, watched)


def _pass(
    stepper: Stepper, settings: LearnerSettings, train: Episodes, seed: int, number: int
) -> Steps:
    """Take a step on every batch of an epoch; return each step's loss and gradient norm."""
    if settings.support_share:
        row_seed = derive_seed(seed, "rows", number)
        stepper.train = deal_rows(train, settings.support_share, settings.rows_per_user, row_seed)
    batches = _shuffled(len(train), settings.users_per_batch, derive_seed(seed, "epoch", number))
    done = [(number - 1 + place / len(batches)) / settings.epochs for place in range(len(batches))]
    rates = [settings.outer_lr * rate_share(settings.schedule, share) for share in done]
    return stepper.epoch(batches, rates, number)


def _copy(method: Method) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in method.state_dict().items()}


def _shuffled(users: int, users_per_batch: int, seed: int) -> tuple[Tensor, ...]:
    order = torch.randperm(users, generator=torch.Generator().manual_seed(seed))
    batches: tuple[Tensor, ...] = order.split(users_per_batch)
    return batches
