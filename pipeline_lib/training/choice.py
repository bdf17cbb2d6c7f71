"""Which candidate of a search is best on validation users, and training with what it changed."""

from collections.abc import Collection, Sequence
from typing import Any

from pydantic import BaseModel

from pipeline_lib.settings.network import Network
from pipeline_lib.settings.search import split_values
from pipeline_lib.training.record import TrainingJob, TrainingRecord


class Candidate(BaseModel):
    """One candidate: what it changed in the method's file, and what came of it."""

    values: dict[str, Any]
    validation_loss: float
    best_epoch: int | None
    seconds: float


class Choice(BaseModel):
    """A search's candidates in their order, and the one with the lowest validation loss."""

    dataset: str
    method: str
    chosen: int
    candidates: list[Candidate]

    @property
    def values(self) -> dict[str, Any]:
        """Return what the chosen candidate changed."""
        return self.candidates[self.chosen].values


def choose(records: Sequence[TrainingRecord], values: Sequence[dict[str, Any]]) -> Choice:
    """Choose among candidates; of equals the first."""
    candidates = [
        Candidate(
            values=own,
            validation_loss=record.validation_loss,
            best_epoch=record.best_epoch,
            seconds=record.seconds,
        )
        for record, own in zip(records, values, strict=True)
    ]
    best = min(range(len(candidates)), key=lambda place: candidates[place].validation_loss)
    first = records[0]
    return Choice(dataset=first.dataset, method=first.method, chosen=best, candidates=candidates)


def with_values(job: TrainingJob, values: dict[str, Any], taken: Collection[str]) -> TrainingJob:
    """Change a job's settings, and its network's, to the values of the names that are `taken`."""
    own, network = split_values({name: x for name, x in values.items() if name in taken})
    asked = job.network
    if asked and network:
        asked = Network.model_validate(asked.model_dump() | network)
    return job.model_copy(update={"settings": job.settings | own, "network": asked})
