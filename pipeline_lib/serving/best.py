"""Which of a dataset's trained methods is served."""

from collections.abc import Sequence

from pydantic import BaseModel

from pipeline_lib.training.record import TrainingRecord


class Candidate(BaseModel):
    """A trial and its loss on validation users."""

    method: str
    seed: int
    validation_loss: float


class Choice(BaseModel):
    """The trial that is served, and the others, the best first. digest: of its manifest."""

    chosen: Candidate
    others: list[Candidate]
    digest: str


def choose(records: Sequence[TrainingRecord]) -> int:
    """Find the place of the lowest loss on validation users; the first of equals."""
    return min(range(len(records)), key=lambda place: records[place].validation_loss)


def describe_choice(records: Sequence[TrainingRecord], chosen: int, digest: str) -> Choice:
    """Describe what was chosen from what."""
    trials = [
        Candidate(method=r.method, seed=r.seed, validation_loss=r.validation_loss) for r in records
    ]
    others = [*trials[:chosen], *trials[chosen + 1 :]]
    others.sort(key=lambda trial: trial.validation_loss)
    return Choice(chosen=trials[chosen], others=others, digest=digest)
