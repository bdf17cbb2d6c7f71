"""Memories of a few nodes on a line, and how tests store, find and move them."""

import torch
from torch import Tensor

from pipeline_lib.meta.memory import LookUp, Memory
from pipeline_lib.meta.neighbours.exact import ExactIndex
from pipeline_lib.settings.methods.at_paml import KnownUsers

torch.set_num_threads(1)  # on tensors this small a second thread only waits


def column(*numbers: float) -> Tensor:
    return torch.tensor(numbers, dtype=torch.float32).unsqueeze(1)


def numbers(*values: int) -> Tensor:
    return torch.tensor(values, dtype=torch.int64)


def make_memory(size: int, **nodes: tuple[float, float]) -> Memory:
    """A memory of one-dimensional nodes: `u7=(point, rate)` is user 7's."""
    memory = Memory(size, 1, ExactIndex())
    for name, (point, rate) in nodes.items():
        memory.store(numbers(int(name[1:])), column(point), torch.tensor([rate]), "replace")
    return memory


def store(memory: Memory, *users: int, known_users: KnownUsers = "replace") -> int:
    """Store users at points far from each other, a hundred times their number."""
    points = column(*(100 * user for user in users))
    return memory.store(numbers(*users), points, torch.ones(len(users)), known_users)


def found_users(memory: Memory, found: LookUp | None) -> list[list[int]]:
    """The users whose nodes count, query by query, nearest first."""
    assert found is not None
    rows = zip(memory.user[found.slots], found.counted, strict=True)
    return [row[kept].tolist() for row, kept in rows]


def look_up(memory: Memory, point: float, count: int, own: int = 99) -> list[int]:
    found = memory.look_up(column(point), count, numbers(own))
    (users,) = found_users(memory, found)
    return users


def use(memory: Memory, point: float, count: int, own: int = 99) -> None:
    """Look nodes up in training, with a loss that moves none."""
    descend(memory, memory.look_up(column(point), count, numbers(own)), 0, 0)


def descend(
    memory: Memory, found: LookUp | None, points: float, rates: float, outer_lr: float = 1.0
) -> None:
    """Descend as if the loss had these gradients at all nodes found."""
    assert found is not None
    found.points.grad = torch.full_like(found.points, points)
    found.rates.grad = torch.full_like(found.rates, rates)
    memory.descend(found.trace(), outer_lr)


def state(memory: Memory) -> dict[str, bytes]:
    return {name: value.numpy().tobytes() for name, value in memory.state_dict().items()}
