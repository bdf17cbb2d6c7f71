"""AT-PAML: PAML that adds the learning rates of similar users, which a memory stores."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from pipeline_lib.episodes.batch import Batch
from pipeline_lib.meta.memory import LookUp, Memory
from pipeline_lib.meta.neighbours.base import NeighbourIndex, recall
from pipeline_lib.meta.neighbours.exact import ExactIndex
from pipeline_lib.meta.neighbours.flann import FlannIndex
from pipeline_lib.meta.rates import UserRates
from pipeline_lib.methods.base import Problem
from pipeline_lib.methods.paml import PAML
from pipeline_lib.settings.methods.at_paml import ATPAMLSettings

TREE_SEED = 0


@dataclass(frozen=True)
class LastBatch:
    """The batch of the last losses: users [users], embeddings [users, width], rates [users].

    found: the nodes that were looked up; None in the warm-up and with an empty memory.
    """

    users: Tensor
    embeddings: Tensor
    rates: Tensor
    found: LookUp | None


class ATPAML(PAML):
    """Add to α'(h) the mean of similar users' rates (Yu et al. 2021, Algorithms 1 and 2).

    Warm-up epochs store a node for each user with one fixed rate. After them every step looks up
    the nearest nodes other than the user's own, moves them against the gradient of the loss, and
    stores the batch's users. Prediction looks nodes up and changes none.
    """

    def __init__(self, settings: ATPAMLSettings, problem: Problem) -> None:
        super().__init__(settings, problem)
        self.settings = settings
        self.precision = _precision(settings, problem, self.network.user_width)
        index = _make_index(settings, self.precision)
        self.memory = Memory(settings.memory_size, self.network.user_width, index)
        self.warming_up = settings.warmup_epochs > 0
        self.last: LastBatch | None = None
        self.embeddings: Tensor | None = None
        self.similarities: list[Tensor] = []
        self.evictions = 0

    @property
    def static(self) -> bool:
        """Return False: the memory grows, and steps read its size."""
        return False

    def rates(self, users: Tensor, _batch: Batch) -> UserRates:
        """Compute new users' learning rates."""
        found = self.memory.look_up(users, self.settings.neighbours_at_inference)
        return UserRates(self._rate(users, found))

    def training_rates(self, users: Tensor, batch: Batch) -> UserRates:
        """Compute training users' learning rates, without their own nodes."""
        if self.warming_up:
            rate, found = users.new_full((len(users),), self.settings.warmup_lr), None
        else:
            found = self.memory.look_up(users, self.settings.neighbours, own=batch.users)
            rate = self._rate(users, found)
        self.last = LastBatch(batch.users, users.detach(), rate.detach(), found)
        return UserRates(rate)

    def begin_epoch(self, number: int) -> None:
        """Decide whether to warm up, and let the next search build the index anew."""
        self.warming_up = number <= self.settings.warmup_epochs
        self.memory.index.forget()

    def trace(self) -> dict[str, Tensor]:
        """Return users, embeddings, rates and the nodes found with their gradients, user by user.

        Raises RuntimeError unless `losses` was called since the last trace.
        """
        if self.last is None:
            raise RuntimeError("trace follows losses")
        last, self.last = self.last, None
        own = {"users": last.users, "embeddings": last.embeddings, "rates": last.rates}
        if last.found is None:
            return own
        similarity = last.found.similarity(last.embeddings, self.precision).detach().sum(1)
        return own | {"similarity": similarity} | last.found.trace()

    def after_step(self, trace: Mapping[str, Tensor]) -> None:
        """Move the nodes that were found and store the batch's users."""
        self.embeddings = trace["embeddings"]
        if "slots" in trace:
            self.memory.descend(trace, self.settings.outer_lr)
            count = trace["counted"].sum().clamp(min=1)
            self.similarities.append(trace["similarity"].sum() / count)
        self.evictions += self.memory.store(
            trace["users"], trace["embeddings"], trace["rates"], self.settings.known_users
        )

    def end_epoch(self) -> dict[str, float]:
        """Return the memory's size and mean rate, its evictions, the mean similarity and recall."""
        report = {
            "memory_nodes": float(len(self.memory)),
            "memory_rate": float(self.memory.rates[: len(self.memory)].mean()),
            "evictions": float(self.evictions),
        }
        if self.similarities:
            report["mean_similarity"] = float(torch.stack(self.similarities).mean())
            report["recall"] = self._recall()
        self.similarities, self.evictions = [], 0
        return report

    def _rate(self, users: Tensor, found: LookUp | None) -> Tensor:
        rate: Tensor = self.learning_rate(users)
        if found is None:
            return rate
        return rate + found.average(users, self.precision, self.settings.sigma)

    def _recall(self) -> float:
        """Compute the recall of a search for the last batch's users."""
        if self.embeddings is None:
            return 1.0
        points, queries = self.memory.points[: len(self.memory)], self.embeddings
        found = self.memory.index.search(points, queries, self.settings.neighbours)
        return recall(found, points, queries)


def _precision(settings: ATPAMLSettings, problem: Problem, width: int) -> float:
    """Compute the factor of ‖h − h_k‖² in the kernel.

    Between unit-variance embeddings 128 wide that distance is near 256, and exp(−2 · 256) is 0: at
    the raw distance no node is ever similar.
    """
    if settings.distance == "raw" or problem.network is None:
        return settings.delta
    return settings.delta / (width * problem.network.embedding_std**2)


def _make_index(settings: ATPAMLSettings, precision: float) -> NeighbourIndex:
    if settings.index == "exact":
        return ExactIndex()
    flann = settings.flann
    drift = flann.drift / precision**0.5
    return FlannIndex(flann.trees, flann.checks, flann.rebuild_every, drift, TREE_SEED)


METHODS = {"at-paml": ATPAML}
