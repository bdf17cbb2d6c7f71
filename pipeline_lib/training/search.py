"""A search over settings: the candidate with the lowest validation loss, and jobs that use it."""

import math
from collections.abc import Collection, Sequence
from typing import Any

from pydantic import BaseModel

from pipeline_lib.settings.network import Network
from pipeline_lib.settings.search import split_values
from pipeline_lib.training.record import TrainingJob


class CandidateResult(BaseModel):
    """The result of a candidate's training; validation_loss is None where that was stopped."""

    validation_loss: float | None
    best_epoch: int | None
    seconds: float
    stopped: str | None = None


class Candidate(CandidateResult):
    """A candidate's result with the settings that it changed in the method's file."""

    values: dict[str, Any]


class SearchResult(BaseModel):
    """A search's candidates in order, and the number of the one with the lowest validation loss."""

    dataset: str
    method: str
    chosen: int
    candidates: list[Candidate]

    @property
    def values(self) -> dict[str, Any]:
        """Return the settings that the chosen candidate changed."""
        return self.candidates[self.chosen].values


def choose(
    dataset: str, method: str, results: Sequence[CandidateResult], values: Sequence[dict[str, Any]]
) -> SearchResult:
    """Return the search's result, the first of equal candidates chosen.

    Raises ValueError when the trainings of all candidates were stopped.
    """
    pairs = zip(results, values, strict=True)
    candidates = [Candidate(**one.model_dump(), values=own) for one, own in pairs]
    losses = [math.inf if c.validation_loss is None else c.validation_loss for c in candidates]
    if min(losses) == math.inf:
        raise ValueError(
            f"{dataset} {method}: every candidate's training was stopped, the first one's by: "
            f"{candidates[0].stopped}; search smaller rates"
        )
    best = losses.index(min(losses))
    return SearchResult(dataset=dataset, method=method, chosen=best, candidates=candidates)


def with_values(job: TrainingJob, values: dict[str, Any], taken: Collection[str]) -> TrainingJob:
    """Return the job with these values of settings and of its network, if named in `taken`."""
    own, network = split_values({name: x for name, x in values.items() if name in taken})
    asked = job.network
    if asked and network:
        asked = Network.model_validate(asked.model_dump() | network)
    return job.model_copy(update={"settings": job.settings | own, "network": asked})
