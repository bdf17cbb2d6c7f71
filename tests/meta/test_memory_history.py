"""Long histories of AT-PAML's memory: against plain Python, and of one index against another."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.meta.memory import NOBODY, Memory
from pipeline_lib.meta.neighbours.exact import ExactIndex
from pipeline_lib.meta.neighbours.flann import FlannIndex
from pipeline_lib.settings.methods.at_paml import KnownUsers
from tests.meta.nodes import column, descend, found_users, make_memory, numbers, state

# A user has one node each, whether it stays or not, or several.
WAYS: list[list[KnownUsers]] = [["keep", "replace"], ["append"]]


class PlainMemory:
    """The same in plain Python: places to nodes on a line, in the order of their last use."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.nodes: OrderedDict[int, tuple[int, float]] = OrderedDict()

    def touch(self, places: Iterable[int]) -> None:
        """Use nodes at once: of equals the one in the first place goes first."""
        for place in sorted({*places}):
            self.nodes.move_to_end(place)

    def store(self, users: Sequence[int], points: Sequence[float], known_users: KnownUsers) -> int:
        held = {user: place for place, (user, _) in self.nodes.items() if known_users != "append"}
        known = [held[user] for user in users if user in held]
        self.touch(known)
        given = list(zip(users, points, strict=True))
        new = [node for node in given if node[0] not in held]
        free = list(range(len(self.nodes), self.size))[: len(new)]
        gone = [self.nodes.popitem(last=False)[0] for _ in new[len(free) :]]
        self.nodes.update(zip(free + gone, new, strict=True))
        if known_users == "replace":
            self.nodes.update({held[node[0]]: node for node in given if node not in new})
        self.touch([*known, *free, *gone])
        return len(gone)

    def nearest(self, point: float, count: int, own: int) -> list[int]:
        """The places of the nearest nodes of others."""
        others = [place for place, (user, _) in self.nodes.items() if user != own]
        return sorted(others, key=lambda place: abs(self.nodes[place][1] - point))[:count]


@given(data=st.data(), size=st.integers(4, 9))
def test_any_history_leaves_what_a_plain_memory_would(data: st.DataObject, size: int) -> None:
    """Batches of users are stored or looked up; all their points differ."""
    memory, plain = make_memory(size), PlainMemory(size)
    ways = st.sampled_from(data.draw(st.sampled_from(WAYS)))
    line = iter(torch.randperm(1_000, generator=torch.Generator().manual_seed(0)).tolist())
    batches = st.lists(st.integers(0, 14), min_size=1, max_size=4, unique=True)
    for _ in range(data.draw(st.integers(1, 20))):
        users, known_users = data.draw(batches), data.draw(ways)
        points = [float(next(line)) for _ in users]
        if data.draw(st.booleans()) and len(memory):
            count = data.draw(st.integers(1, size))
            found = memory.look_up(column(*points) + 0.25, count, numbers(*users))
            expected = [
                plain.nearest(p + 0.25, count, u) for u, p in zip(users, points, strict=True)
            ]
            assert found_users(memory, found) == [
                [plain.nodes[place][0] for place in row] for row in expected
            ]
            descend(memory, found, 0, 0)
            plain.touch(place for row in expected for place in row)
        else:
            rates = torch.ones(len(users))
            evicted = memory.store(numbers(*users), column(*points), rates, known_users)
            assert evicted == plain.store(users, points, known_users)
        held = list(zip(memory.user.tolist(), memory.points[:, 0].tolist(), strict=True))
        assert dict(enumerate(held[: len(memory)])) == dict(plain.nodes)
        assert all(user == NOBODY for user, _ in held[len(memory) :])


@pytest.mark.parametrize("known_users", ["replace", "append"])
def test_trees_that_look_at_every_leaf_find_what_comparing_all_finds(
    known_users: KnownUsers,
) -> None:
    """Over 30 steps in which 40 of 200 users at a time move nodes and are stored."""
    generator = torch.Generator().manual_seed(0)
    flann = FlannIndex(trees=4, checks=10_000, rebuild_every=7, drift=1e-9, seed=0)
    memories = [Memory(150, 6, index) for index in (ExactIndex(), flann)]
    for _ in range(30):
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
            memory.store(users, points, rates, known_users)
        assert all(torch.equal(slots[0], other) for other in slots)
        assert state(memories[0]) == state(memories[1])
    assert len(memories[0]) == 150
