"""Which of a dataset's trained methods is served."""

import math
from collections.abc import Sequence

from pydantic import BaseModel

from pipeline_lib.training.record import TrainingRecord

MODEL = "model.json"  # a BestTrial, in the dataset's folder


class NoTrialLeftError(Exception):
    """All trainings were stopped."""


class JudgedTrial(BaseModel):
    """A trial and its loss on validation users."""

    method: str
    seed: int
    validation_loss: float


class BestTrial(BaseModel):
    """The trial that is served, and the others, the best first. digest: of its manifest."""

    chosen: JudgedTrial
    others: list[JudgedTrial]
    digest: str


def find_best(trainings: Sequence[TrainingRecord]) -> int:
    """Return the place of the lowest loss on validation users; the first of equals.

    Trainings that were stopped do not count. Raises NoTrialLeftError where all were.
    """
    losses = [_loss(training) for training in trainings]
    if min(losses) == math.inf:
        first = trainings[0]
        raise NoTrialLeftError(
            f"{first.dataset}: every training was stopped, that of {first.method} with seed "
            f"{first.seed} in {first.stopped}; so there is no model to serve"
        )
    return losses.index(min(losses))


def describe_best(trainings: Sequence[TrainingRecord], best: int, digest: str) -> BestTrial:
    """Return what `model.json` holds: the best trial, and the others that ended, by their loss."""
    trials = [
        JudgedTrial(method=t.method, seed=t.seed, validation_loss=_loss(t)) for t in trainings
    ]
    others = [t for t in (*trials[:best], *trials[best + 1 :]) if t.validation_loss < math.inf]
    others.sort(key=lambda trial: trial.validation_loss)
    return BestTrial(chosen=trials[best], others=others, digest=digest)


def _loss(training: TrainingRecord) -> float:
    """Return a training's loss on validation users; infinity where it was stopped."""
    loss = training.validation_loss
    return math.inf if training.stopped or loss is None else loss
