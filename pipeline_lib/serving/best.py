"""Which of a dataset's trained methods is served."""

from collections.abc import Sequence

from pydantic import BaseModel

from pipeline_lib.training.record import TrainingRecord

MODEL = "model.json"  # a BestTrial, in the dataset's folder


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
    """Return the place of the lowest loss on validation users; the first of equals."""
    return min(range(len(trainings)), key=lambda place: trainings[place].validation_loss)


def describe_best(trainings: Sequence[TrainingRecord], best: int, digest: str) -> BestTrial:
    """Return what `model.json` holds: the best trial, and the others by their loss."""
    trials = [
        JudgedTrial(method=t.method, seed=t.seed, validation_loss=t.validation_loss)
        for t in trainings
    ]
    others = [*trials[:best], *trials[best + 1 :]]
    others.sort(key=lambda trial: trial.validation_loss)
    return BestTrial(chosen=trials[best], others=others, digest=digest)
