"""Long histories of AT-PAML's memory: against plain Python, and of one index against another."""

from collections import OrderedDict
from collections.abc import Sequence

import torch
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.meta.memory import NOBODY, Memory
from pipeline_lib.meta.neighbours.exact import ExactIndex
from pipeline_lib.meta.neighbours.flann import FlannIndex
from tests.meta.nodes import column, descend, found_users, make_memory, numbers, state


class PlainMemory:
    """The same in plain Python: nodes on a line, in the order of their last use."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.slots: OrderedDict[int, int] = OrderedDict()
        self.points: dict[int, float] = {}

    def touch(self, users: Sequence[int]) -> None:
        """Use nodes at once: of equals the one in the first place goes first."""
        for user in sorted({*users}, key=self.slots.__getitem__):
            self.slots.move_to_end(user)

    def store(self, users: Sequence[int], points: Sequence[float], *, replace: bool) -> int:
        new = [user for user in users if user not in self.slots]
        self.touch([user for user in users if user in self.slots])
        free = list(range(len(self.slots), self.size))[: len(new)]
        gone = [self.slots.popitem(last=False) for _ in new[len(free) :]]
        self.slots.update(zip(new, free + [slot for _, slot in gone], strict=True))
        self.touch(users)
        for user, point in zip(users, points, strict=True):
            if replace or user in new:
                self.points[user] = point
        return len(gone)

    def nearest(self, point: float, count: int, own: int) -> list[int]:
        others = [user for user in self.slots if user != own]
        return sorted(others, key=lambda user: abs(self.points[user] - point))[:count]


@given(data=st.data(), size=st.integers(4, 9))
def test_any_history_leaves_what_a_plain_memory_would(data: st.DataObject, size: int) -> None:
    """Batches of users are stored or looked up; all their points differ."""
    memory, plain = make_memory(size), PlainMemory(size)
    line = iter(torch.randperm(1_000, generator=torch.Generator().manual_seed(0)).tolist())
    batches = st.lists(st.integers(0, 14), min_size=1, max_size=4, unique=True)
    for _ in range(data.draw(st.integers(1, 20))):
        users, replace = data.draw(batches), data.draw(st.booleans())
        points = [float(next(line)) for _ in users]
        if data.draw(st.booleans()) and len(memory):
            count = data.draw(st.integers(1, size))
            found = memory.look_up(column(*points) + 0.25, count, numbers(*users))
            expected = [
                plain.nearest(p + 0.25, count, u) for u, p in zip(users, points, strict=True)
            ]
            assert found_users(memory, found) == expected
            descend(memory, found, 0, 0)
            plain.touch([user for row in expected for user in row])
        else:
            rates = torch.ones(len(users))
            evicted = memory.store(numbers(*users), column(*points), rates, replace=replace)
            assert evicted == plain.store(users, points, replace=replace)
        assert len(memory) == len(plain.slots)
        held = dict(zip(memory.user.tolist(), memory.points[:, 0].tolist(), strict=True))
        assert {u: p for u, p in held.items() if u != NOBODY} == {
            user: plain.points[user] for user in plain.slots
        }


def test_trees_that_look_at_every_leaf_find_what_comparing_all_finds() -> None:
    """Over 60 steps in which 40 of 200 users at a time move nodes and are stored."""
    generator = torch.Generator().manual_seed(0)
    flann = FlannIndex(trees=4, checks=10_000, rebuild_every=7, drift=1e-9, seed=0)
    memories = [Memory(150, 6, index) for index in (ExactIndex(), flann)]
    for _ in range(60):
        users = torch.randperm(200, generator=generator)[:40]
        points, rates = torch.randn(40, 6, generator=generator), torch.rand(40, generator=generator)
        slots = []
        for memory in memories:
            found = memory.look_up(points, 9, users)
            if found is not None:
                loss = found.average(points, 0.2, 1e-5).square().sum()
                loss.backward()
                memory.descend(found.trace(), 0.1)
                slots.append(found.slots)
            memory.store(users, points, rates, replace=True)
        assert all(torch.equal(slots[0], other) for other in slots)
        assert state(memories[0]) == state(memories[1])
    assert len(memories[0]) == 150
