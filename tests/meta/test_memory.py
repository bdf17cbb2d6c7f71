"""AT-PAML's memory, worked by hand."""

import math
from copy import deepcopy

import pytest
import torch
from torch import Tensor

from pipeline_lib.meta.memory import NOBODY, Memory
from pipeline_lib.meta.neighbours.exact import ExactIndex
from pipeline_lib.settings.methods.at_paml import KnownUsers
from tests.meta.nodes import (
    column,
    descend,
    found_users,
    look_up,
    make_memory,
    numbers,
    state,
    store,
    use,
)


class TestKernel:
    MEMORY = make_memory(3, u0=(0.0, 0.1), u1=(3.0, 0.4), u2=(-1.0, 0.2))

    def test_similarity_is_gaussian(self) -> None:
        found = self.MEMORY.look_up(column(1.0), 3)
        assert found is not None
        expected = [math.exp(-0.5 * d**2) for d in (1, 2, 2)]
        similarity = found.similarity(column(1.0), 0.5)[0]
        assert similarity.tolist() == pytest.approx(expected, rel=1e-6)

    def test_squares_add_up_over_dimensions(self) -> None:
        memory = Memory(1, 3, ExactIndex())
        memory.store(numbers(0), torch.tensor([[1.0, 2.0, 3.0]]), torch.ones(1), "replace")
        query = torch.tensor([[1.0, 1.0, 1.0]])
        found = memory.look_up(query, 1)
        assert found is not None
        assert found.similarity(query, 0.1).item() == pytest.approx(math.exp(-0.5), rel=1e-6)

    def test_the_average_is_weighted_and_shrunk_by_sigma(self) -> None:
        found = self.MEMORY.look_up(column(1.0), 2)
        assert found is not None
        assert found.rates[0].tolist() == pytest.approx([0.1, 0.4])
        near, far = math.exp(-0.5), math.exp(-0.5 * 4)
        average = found.average(column(1.0), 0.5, sigma=0.1).item()
        assert average == pytest.approx((near * 0.1 + far * 0.4) / (near + far + 0.1), rel=1e-6)

    def test_what_does_not_count_has_no_part(self) -> None:
        found = self.MEMORY.look_up(column(0.0), 1, own=numbers(0))
        assert found is not None
        similarity = found.similarity(column(0.0), 0.5)
        assert similarity[0].tolist() == pytest.approx([0, math.exp(-0.5)], rel=1e-6)
        average = found.average(column(0.0), 0.5, sigma=0.0).item()
        assert average == pytest.approx(0.2, rel=1e-6)

    def test_far_from_all_nodes_there_is_no_average(self) -> None:
        query = column(1e3)
        found = self.MEMORY.look_up(query, 3)
        assert found is not None
        assert found.average(query, 2.0, sigma=1e-5).item() == 0


class TestOwnNode:
    MEMORY = make_memory(6, **{f"u{i}": (float(i), 0.1) for i in range(6)})

    @pytest.mark.parametrize(
        ("own", "expected"),
        [(2, [3, 1, 4]), (3, [2, 1, 4]), (4, [2, 3, 1]), (5, [2, 3, 1]), (99, [2, 3, 1])],
        ids=["nearest", "second", "next after those", "far away", "absent"],
    )
    def test_it_is_left_out_and_as_many_others_count(self, own: int, expected: list[int]) -> None:
        assert look_up(self.MEMORY, 2.1, 3, own) == expected

    def test_each_users_own_is_left_out(self) -> None:
        found = self.MEMORY.look_up(column(0, 5), 2, numbers(0, 5))
        assert found_users(self.MEMORY, found) == [[1, 2], [4, 3]]

    def test_prediction_leaves_none_out(self) -> None:
        found = self.MEMORY.look_up(column(2.1, 5), 3)
        assert found_users(self.MEMORY, found) == [[2, 3, 1], [5, 4, 3]]

    def test_of_fewer_nodes_than_neighbours_all_others_count(self) -> None:
        assert sorted(look_up(self.MEMORY, 2.1, 20, 3)) == [0, 1, 2, 4, 5]
        assert sorted(look_up(self.MEMORY, 2.1, 20)) == [0, 1, 2, 3, 4, 5]

    def test_of_ones_own_node_alone_nothing_counts(self) -> None:
        memory = make_memory(2, u7=(1.0, 0.5))
        found = memory.look_up(column(1.0), 3, numbers(7))
        assert found is not None
        assert not found.counted.any()
        assert found.average(column(1.0), 1.0, sigma=1e-5).item() == 0

    def test_nothing_is_found_in_an_empty_memory(self) -> None:
        assert make_memory(2).look_up(column(1.0), 3) is None
        assert make_memory(2).look_up(column(1.0), 3, numbers(0)) is None


class TestLeastRecentlyUsed:
    def test_the_first_stored_goes_first(self) -> None:
        memory = make_memory(2)
        assert [store(memory, user) for user in (5, 6, 7)] == [0, 0, 1]
        assert sorted(memory.user.tolist()) == [6, 7]

    @pytest.mark.parametrize("known_users", ["replace", "keep"])
    def test_one_stored_again_counts_as_used_and_keeps_one_node(
        self, known_users: KnownUsers
    ) -> None:
        memory = make_memory(2)
        assert [store(memory, user, known_users=known_users) for user in (5, 6, 5)] == [0, 0, 0]
        assert len(memory) == 2
        assert store(memory, 7) == 1
        assert sorted(memory.user.tolist()) == [5, 7]

    def test_one_found_in_training_counts_as_used(self) -> None:
        memory = make_memory(2)
        store(memory, 5), store(memory, 6)
        use(memory, 500.0, 1)
        store(memory, 7)
        assert sorted(memory.user.tolist()) == [5, 7]

    def test_one_found_but_left_out_does_not(self) -> None:
        """Users 5 and 6 are found for user 5, whose own node does not count."""
        memory = make_memory(3)
        store(memory, 5), store(memory, 6), store(memory, 7)
        use(memory, 500.0, 1, own=5)
        store(memory, 8)
        assert sorted(memory.user.tolist()) == [6, 7, 8]

    def test_one_found_in_prediction_does_not(self) -> None:
        memory = make_memory(2)
        store(memory, 5), store(memory, 6)
        before = state(memory)
        memory.look_up(column(500.0), 1)
        assert state(memory) == before
        store(memory, 7)
        assert sorted(memory.user.tolist()) == [6, 7]

    def test_old_and_new_users_at_once(self) -> None:
        """Of 1, 2, 3 and 4 the batch 2, 8, 9 stores 2 again and turns 1 and 3 out."""
        memory = make_memory(4)
        for user in (1, 2, 3, 4):
            store(memory, user)
        assert store(memory, 8, 2, 9) == 2
        assert sorted(memory.user.tolist()) == [2, 4, 8, 9]
        found = memory.look_up(column(200, 400, 800, 900), 1)
        assert found_users(memory, found) == [[2], [4], [8], [9]]

    def test_a_batch_as_large_as_the_memory_takes_it_all(self) -> None:
        memory = make_memory(3)
        store(memory, 1, 2, 3)
        assert store(memory, 3, 4, 5) == 2
        assert sorted(memory.user.tolist()) == [3, 4, 5]

    def test_the_last_free_place_is_filled_before_any_node_goes(self) -> None:
        memory = make_memory(3)
        store(memory, 1, 2)
        assert store(memory, 3, 4) == 1
        assert sorted(memory.user.tolist()) == [2, 3, 4]


class TestKnownUsers:
    """User 1 is met again, at another point and with another rate, beside the new user 2."""

    @pytest.mark.parametrize(
        ("known_users", "users", "points", "rates"),
        [
            ("replace", [1, 2, NOBODY], [8, 3, 0], [0.75, 0.25, 0]),
            ("keep", [1, 2, NOBODY], [1, 3, 0], [0.5, 0.25, 0]),
            ("append", [1, 2, 1], [1, 3, 8], [0.5, 0.25, 0.75]),
        ],
    )
    def test_their_nodes(
        self, known_users: KnownUsers, users: list[int], points: list[float], rates: list[float]
    ) -> None:
        memory = make_memory(3, u1=(1.0, 0.5))
        again = numbers(2, 1), column(3, 8), torch.tensor([0.25, 0.75])
        assert memory.store(*again, known_users) == 0
        assert memory.user.tolist() == users
        assert memory.points[:, 0].tolist() == points
        assert memory.rates.tolist() == rates

    @pytest.mark.parametrize("known_users", ["replace", "keep", "append"])
    def test_one_turned_out_and_met_again_is_new(self, known_users: KnownUsers) -> None:
        memory = make_memory(1, u1=(1.0, 0.5), u2=(3.0, 0.5))
        memory.store(numbers(1), column(8), torch.tensor([0.75]), known_users)
        assert (memory.points.tolist(), memory.rates.tolist()) == ([[8.0]], [0.75])


class TestAppended:
    def test_a_memory_of_one_users_nodes_turns_out_the_oldest(self) -> None:
        """Of three places user 1 takes all; the node of the first step goes in the fourth."""
        memory, evicted = make_memory(3), []
        for step in range(5):
            node = numbers(1), column(step), torch.tensor([step / 8])
            evicted.append(memory.store(*node, "append"))
        assert evicted == [0, 0, 0, 1, 1]
        assert memory.points[:, 0].tolist() == [3, 4, 2]
        assert memory.rates.tolist() == [3 / 8, 4 / 8, 2 / 8]

    def test_the_least_recently_used_goes_whoever_it_is_of(self) -> None:
        """Users 1 and 2 twice; 2's first node is found and stays, so that 1's two make room."""
        memory = make_memory(4)
        for users, at in ((numbers(1, 2), column(0, 10)), (numbers(1, 2), column(20, 30))):
            memory.store(users, at, torch.ones(2), "append")
        use(memory, 10.0, 1)
        assert memory.store(numbers(2), column(40), torch.ones(1), "append") == 1
        assert memory.points[:, 0].tolist() == [40, 10, 20, 30]
        assert memory.store(numbers(3), column(50), torch.ones(1), "append") == 1
        assert memory.user.tolist() == [2, 2, 3, 2]
        assert memory.points[:, 0].tolist() == [40, 10, 50, 30]

    def test_all_of_ones_own_nodes_are_left_out_and_as_many_others_count(self) -> None:
        memory = make_memory(6, u1=(5.0, 0.1), u2=(9.0, 0.1), u3=(1.0, 0.1))
        for point in (4.0, 6.0):
            memory.store(numbers(1), column(point), torch.ones(1), "append")
        assert look_up(memory, 5.1, 2, own=1) == [2, 3]
        assert look_up(memory, 5.1, 2, own=2) == [1, 1]
        assert look_up(memory, 5.1, 5, own=99) == [1, 1, 1, 2, 3]


class TestDescent:
    def test_nodes_move_against_their_gradients_by_the_outer_rate(self) -> None:
        memory = make_memory(3, u0=(0.0, 0.5), u1=(1.0, 0.6), u2=(9.0, 0.7))
        descend(memory, memory.look_up(column(0.0), 2), 2.0, -3.0, outer_lr=0.1)
        assert memory.points[:, 0].tolist() == pytest.approx([-0.2, 0.8, 9.0])
        assert memory.rates.tolist() == pytest.approx([0.8, 0.9, 0.7])

    def test_a_node_found_by_several_users_gathers_all_their_gradients(self) -> None:
        memory = make_memory(2, u0=(0.0, 0.5), u1=(5.0, 0.5))
        found = memory.look_up(column(0, 1, 4), 1)
        assert found is not None
        found.points.grad = torch.tensor([1.0, 2.0, 40.0])[:, None, None]
        found.rates.grad = torch.tensor([[0.1], [0.2], [-4.0]])
        memory.descend(found.trace(), 0.5)
        assert memory.points[:, 0].tolist() == pytest.approx([-1.5, -15.0])
        assert memory.rates.tolist() == pytest.approx([0.35, 2.5])

    def test_no_rate_falls_below_0(self) -> None:
        memory = make_memory(2, u0=(0.0, 0.5), u1=(5.0, 0.5))
        descend(memory, memory.look_up(column(0.0), 1), 0, 1e9)
        assert memory.rates.tolist() == [0.0, 0.5]

    def test_without_gradients_it_is_refused(self) -> None:
        memory = make_memory(1, u0=(0.0, 0.5))
        found = memory.look_up(column(0.0), 1)
        assert found is not None
        with pytest.raises(ValueError, match="has the gradients"):
            found.trace()

    def test_a_node_is_found_where_it_moved_to(self) -> None:
        memory = make_memory(2, u0=(0.0, 0.5), u1=(5.0, 0.5))
        descend(memory, memory.look_up(column(0.0), 1), -20.0, 0)
        assert look_up(memory, 19.0, 1) == [0]


class Spy(ExactIndex):
    """Notes how often it was told to forget, and what to update."""

    def __init__(self) -> None:
        self.forgotten, self.updated = 0, list[tuple[int, list[int]]]()

    def forget(self) -> None:
        self.forgotten += 1

    def update(self, points: Tensor, places: Tensor) -> None:
        self.updated.append((len(points), sorted(places.tolist())))


class TestState:
    def test_a_loaded_memory_is_the_saved_one_and_its_index_anew(self) -> None:
        memory, copy = make_memory(4, u3=(0.0, 0.5), u1=(5.0, 0.25)), Memory(4, 1, index := Spy())
        use(memory, 0.0, 1)
        copy.load_state_dict(deepcopy(memory.state_dict()))
        assert state(copy) == state(memory)
        assert index.forgotten == 1
        for each in (memory, copy):
            assert look_up(each, 4.0, 1) == [1]
            assert store(each, 6, 7, 8) == 1
        assert state(copy) == state(memory)
        assert sorted(copy.user.tolist()) == [3, 6, 7, 8]

    def test_a_memory_within_a_method_forgets_its_index_too(self) -> None:
        outer = torch.nn.Sequential(memory := Memory(2, 1, index := Spy()))
        outer.load_state_dict(deepcopy(outer.state_dict()))
        assert memory.index is index
        assert index.forgotten == 1

    def test_the_index_hears_of_every_node_that_is_new_or_moved(self) -> None:
        memory = Memory(3, 1, index := Spy())
        store(memory, 1, 2)
        store(memory, 2, 3)
        descend(memory, memory.look_up(column(100.0, 110.0), 2), 1, 0)
        store(memory, 4)
        store(memory, 1, 3, known_users="keep")
        updated = [(2, [0, 1]), (3, [1, 2]), (3, [0, 1]), (3, [2]), (3, [1])]
        assert index.updated == updated

    def test_the_nodes_are_no_parameters(self) -> None:
        memory = make_memory(2, u0=(0.0, 0.5))
        assert not list(memory.parameters())
        assert memory.user.tolist() == [0, NOBODY]
