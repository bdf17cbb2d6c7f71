"""AT-PAML's memory: nodes of training users, each an embedding h_k and a learning rate α(h_k)."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from pipeline_lib.meta.neighbours.base import NeighbourIndex
from pipeline_lib.settings.methods.at_paml import KnownUsers

NOBODY = -1


@dataclass(frozen=True)
class LookUp:
    """The nodes nearest to some users.

    slots: [users, nodes] int64, positions in the memory. counted: [users, nodes] bool, False for a
    user's own nodes. points [users, nodes, width], rates [users, nodes]: leaves of the graph, whose
    gradients `Memory.descend` follows.
    """

    slots: Tensor
    counted: Tensor
    points: Tensor
    rates: Tensor

    def similarity(self, users: Tensor, precision: float) -> Tensor:
        """Compute s_k = exp(−precision ‖h − h_k‖²), [users, nodes]; 0 where not counted."""
        distance = (users[:, None] - self.points).square().sum(2)
        return torch.exp(-precision * distance) * self.counted

    def trace(self) -> dict[str, Tensor]:
        """Return the nodes and their gradients, user by user; raise ValueError before backward."""
        if self.points.grad is None or self.rates.grad is None:
            raise ValueError("the trace has the gradients of a loss on what was looked up")
        return {
            "slots": self.slots,
            "counted": self.counted,
            "point_gradients": self.points.grad,
            "rate_gradients": self.rates.grad,
        }

    def average(self, users: Tensor, precision: float, sigma: float) -> Tensor:
        """Compute Σ_k s_k α(h_k) / (Σ_j s_j + σ), [users] (Yu et al. 2021, Algorithm 1)."""
        similarity = self.similarity(users, precision)
        return (similarity * self.rates).sum(1) / (similarity.sum(1) + sigma)


class Memory(nn.Module):
    """At most `size` nodes of users, one or several each; the least recently used is evicted.

    A node is used when it is stored or found in training. The nodes are part of the state dict.
    """

    points: Tensor
    rates: Tensor
    user: Tensor
    last_used: Tensor
    clock: Tensor

    def __init__(self, size: int, width: int, index: NeighbourIndex) -> None:
        super().__init__()
        self.register_buffer("points", torch.zeros(size, width))
        self.register_buffer("rates", torch.zeros(size))
        self.register_buffer("user", torch.full((size,), NOBODY))
        self.register_buffer("last_used", torch.zeros(size, dtype=torch.int64))
        self.register_buffer("clock", torch.zeros((), dtype=torch.int64))
        self.index = index
        self.register_load_state_dict_post_hook(_forget_index)  # type: ignore[no-untyped-call]

    def __len__(self) -> int:
        """Count the nodes."""
        return int((self.user != NOBODY).sum())

    def look_up(self, embeddings: Tensor, count: int, own: Tensor | None = None) -> LookUp | None:
        """Find the `count` nodes nearest to users' embeddings, [users, width]; None if empty.

        own: [users] int64, in training: the users, whose own nodes do not count.
        """
        used = len(self)
        if not used:
            return None
        wanted = count if own is None else count + self._most_of_one_user(used)
        slots = self.index.search(self.points[:used], embeddings.detach(), wanted)
        everyone = torch.ones_like(slots, dtype=torch.bool)
        return LookUp(
            slots,
            everyone if own is None else self._others(slots, own, count),
            self.points[slots].requires_grad_(),
            self.rates[slots].requires_grad_(),
        )

    @torch.no_grad()
    def descend(self, trace: Mapping[str, Tensor], outer_lr: float) -> None:
        """Move the nodes found against their gradients; no rate falls below 0.

        trace: `LookUp.trace` of all users of a step.
        """
        found = trace["slots"]
        slots, points = found.flatten(), trace["point_gradients"].flatten(0, 1)
        self.points.index_add_(0, slots, points, alpha=-outer_lr)
        self.rates.index_add_(0, slots, trace["rate_gradients"].flatten(), alpha=-outer_lr)
        self.rates.clamp_(min=0)
        self.clock += 1
        self.last_used[found[trace["counted"]]] = self.clock
        self.index.update(self.points[: len(self)], slots.unique())

    @torch.no_grad()
    def store(
        self, users: Tensor, embeddings: Tensor, rates: Tensor, known_users: KnownUsers
    ) -> int:
        """Store nodes of users [users] int64; return how many others were evicted.

        known_users: whether the node of a user in the memory stays, is replaced, or gets another
        beside it (Yu et al. 2021, Algorithm 1, line 15).
        """
        before = len(self)
        self.clock += 1
        append = known_users == "append"
        slots = torch.full_like(users, NOBODY) if append else self._own_slots(users)
        known = slots != NOBODY
        self.last_used[slots[known]] = self.clock
        slots[~known] = self._room(int((~known).sum()), before)
        self.user[slots], self.last_used[slots] = users, self.clock
        new = known.logical_not() | (known_users == "replace")
        self.points[slots[new]], self.rates[slots[new]] = embeddings[new], rates[new]
        after = len(self)
        self.index.update(self.points[:after], slots[new])
        return len(users) - int(known.sum()) - (after - before)

    def _others(self, slots: Tensor, own: Tensor, count: int) -> Tensor:
        """Return which nodes count, [users, nodes]: at most `count`, and none of the user's own."""
        other = self.user[slots] != own[:, None]
        return other & (other.cumsum(1) <= count)

    def _most_of_one_user(self, used: int) -> int:
        """Count the nodes of the user who has most: as many of those found may be a user's own."""
        return int(self.user[:used].bincount().max())

    def _own_slots(self, users: Tensor) -> Tensor:
        match = self.user == users[:, None]
        return torch.where(match.any(1), match.int().argmax(1), NOBODY)

    def _room(self, count: int, used: int) -> Tensor:
        """Return slots for new nodes: the empty ones, then the least recently used."""
        free = torch.arange(used, min(used + count, len(self.user)), device=self.user.device)
        oldest = self.last_used[:used].argsort(stable=True)[: count - len(free)]
        return torch.cat((free, oldest))


def _forget_index(memory: nn.Module, _: object) -> None:
    if isinstance(memory, Memory):
        memory.index.forget()
