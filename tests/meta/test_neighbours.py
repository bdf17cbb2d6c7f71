"""Nearest points, exactly and by trees, against every distance worked out in float64."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pyflann
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from pipeline_lib.meta.neighbours import base, exact
from pipeline_lib.meta.neighbours.base import NeighbourIndex, chunk_rows, recall
from pipeline_lib.meta.neighbours.exact import ExactIndex
from pipeline_lib.meta.neighbours.flann import FlannIndex, FlannMissingError

torch.set_num_threads(1)  # on tensors this small a second thread only waits

SETTINGS = {"trees": 4, "checks": 10_000, "rebuild_every": 1_000, "drift": 0.0, "seed": 3}
GPU = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no GPU"),
]


def flann(**changes: float) -> FlannIndex:
    return FlannIndex(**{**SETTINGS, **changes})  # type: ignore[arg-type]


INDEXES: dict[str, Callable[[], NeighbourIndex]] = {"exact": ExactIndex, "flann": flann}
each_index = pytest.mark.parametrize("make", INDEXES.values(), ids=INDEXES)
each_device = pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=GPU)])


def line(*numbers: float) -> Tensor:
    return torch.tensor(numbers, dtype=torch.float32).unsqueeze(1)


def gauss(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def distances(points: Tensor, queries: Tensor) -> Tensor:
    far: Tensor = torch.linalg.vector_norm(queries.double()[:, None] - points.double(), dim=2)
    return far


def assert_nearest(found: Tensor, points: Tensor, queries: Tensor, count: int) -> None:
    """The found distances, in the order found, are the smallest there are."""
    squares = distances(points, queries).square()
    wanted = squares.sort(1).values[:, :count]
    torch.testing.assert_close(squares.gather(1, found), wanted, rtol=1e-5, atol=1e-4)
    assert_sound(found, points, queries, count)


def assert_sound(found: Tensor, points: Tensor, queries: Tensor, count: int) -> None:
    assert found.dtype == torch.int64
    assert found.shape == (len(queries), min(count, len(points)))
    assert all(0 <= place < len(points) for row in found.tolist() for place in row)
    assert all(len({*row}) == len(row) for row in found.tolist())


@st.composite
def crowds(draw: st.DrawFn, least: int = 0) -> Tensor:
    """Points on a small grid, many of them the same, or anywhere."""
    shape = draw(st.integers(least, 40)), 3
    points = gauss(draw(st.integers(0, 99)), *shape)
    return points.round() if draw(st.booleans()) else points * 3


def _fail(tensor: Tensor) -> Tensor:
    raise AssertionError("a tensor was saved for a gradient")


@pytest.fixture
def native(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the native library is asked to build, with how many points, and to free."""
    events: list[str] = []

    def spy(table: dict[type, Any], name: Callable[..., str]) -> None:
        function = table[np.float32]

        def call(*arguments: object) -> object:
            events.append(name(*arguments))
            return function(*arguments)

        monkeypatch.setitem(table, np.float32, call)

    spy(pyflann.flann.build_index, lambda points, *_: f"build {len(points)}")
    spy(pyflann.flann.free_index, lambda *_: "free")
    return events


class TestEveryIndex:
    @each_index
    def test_float64_is_searched_alike(self, make: Callable[[], NeighbourIndex]) -> None:
        """Prediction works in float64."""
        points, queries = gauss(5, 40, 4), gauss(6, 7, 4)
        found = make().search(points.double(), queries.double(), 5)
        assert torch.equal(found, make().search(points, queries, 5))

    @each_index
    @each_device
    def test_a_hand_worked_case(self, make: Callable[[], NeighbourIndex], device: str) -> None:
        points, queries = line(0, 10, 3, -4).to(device), line(1, 9).to(device)
        found = make().search(points, queries, 3)
        assert found.device == queries.device
        assert found.tolist() == [[0, 2, 3], [1, 2, 0]]

    @each_index
    @pytest.mark.parametrize("count", [1, 20, 400, 500])
    def test_the_nearest_are_found(self, make: Callable[[], NeighbourIndex], count: int) -> None:
        points, queries = gauss(0, 400, 32), gauss(1, 9, 32)
        assert_nearest(make().search(points, queries, count), points, queries, count)

    @each_index
    @pytest.mark.parametrize(("points", "queries"), [(0, 2), (3, 0), (0, 0)])
    def test_nothing_is_found_of_or_for_nothing(
        self, make: Callable[[], NeighbourIndex], points: int, queries: int
    ) -> None:
        found = make().search(torch.ones(points, 4), torch.ones(queries, 4), 2)
        assert found.shape == (queries, min(points, 2))

    @each_index
    def test_points_equally_far_come_in_the_order_of_their_places(
        self, make: Callable[[], NeighbourIndex]
    ) -> None:
        points = line(5, 1, -1, 1, 5, -1, 1, 0)
        assert make().search(points, line(0), 7).tolist() == [[7, 1, 2, 3, 5, 6, 0]]

    @each_index
    def test_strides_are_of_no_account(self, make: Callable[[], NeighbourIndex]) -> None:
        points, queries = gauss(0, 32, 100).T, gauss(1, 32, 9).T
        assert_nearest(make().search(points, queries, 5), points, queries, 5)

    @each_index
    def test_no_graph_is_kept(self, make: Callable[[], NeighbourIndex]) -> None:
        points, queries = gauss(0, 100, 32).requires_grad_(), gauss(1, 9, 32).requires_grad_()
        index = make()
        with torch.autograd.graph.saved_tensors_hooks(_fail, _fail):
            index.search(points, queries, 5)
            index.update(points, torch.arange(50))
            found = index.search(points, queries, 5)
            assert recall(found, points, queries) == 1
        assert_nearest(found, points.detach(), queries.detach(), 5)

    @each_index
    @each_device
    def test_points_come_and_move(self, make: Callable[[], NeighbourIndex], device: str) -> None:
        points, queries = gauss(0, 400, 32).to(device), gauss(1, 9, 32).to(device)
        index = make()
        for step in range(2, 6):
            index.search(points, queries, 5)
            points[step : 50 * step] = gauss(step, 49 * step, 32).to(device)
            points = torch.cat((points, gauss(step + 10, 20, 32).to(device)))
            places = torch.cat((torch.arange(step, 50 * step), torch.arange(-20, 0) + len(points)))
            index.update(points, places.to(device))
            found = index.search(points, queries, 5)
            assert_nearest(found.cpu(), points.cpu(), queries.cpu(), 5)


class TestExact:
    @given(points=crowds(), queries=crowds(), count=st.integers(1, 50))
    def test_the_nearest_are_found(self, points: Tensor, queries: Tensor, count: int) -> None:
        assert_nearest(ExactIndex().search(points, queries, count), points, queries, count)

    def test_no_table_of_distances_grows_too_large(self, monkeypatch: pytest.MonkeyPatch) -> None:
        points, queries, sizes = gauss(0, 10, 4), gauss(1, 7, 4), []
        whole = ExactIndex().search(points, queries, 3)
        nearest = exact.nearest

        def spy(squares: Tensor, places: Tensor, count: int) -> Tensor:
            sizes.append(squares.numel())
            return nearest(squares, places, count)

        monkeypatch.setattr(exact, "nearest", spy)
        monkeypatch.setattr(base, "_CHUNK", 25)
        assert torch.equal(ExactIndex().search(points, queries, 3), whole)
        assert sizes == [20, 20, 20, 10]

    def test_rounding_leaves_no_square_below_zero(self, monkeypatch: pytest.MonkeyPatch) -> None:
        least = []

        def spy(squares: Tensor, places: Tensor, count: int) -> Tensor:
            least.append(float(squares.min()))
            return places.expand(len(squares), -1)

        monkeypatch.setattr(exact, "nearest", spy)
        points = gauss(0, 50, 16) * 100
        ExactIndex().search(points, points, 1)
        assert least == [0]

    def test_a_million_points_are_compared_with_eight_queries_at_once(self) -> None:
        assert chunk_rows(torch.empty(2**20, 0)) == 8
        assert chunk_rows(torch.empty(2**24, 0)) == 1


class TestMovingPoints:
    """Trees that were built once, over points of which some came later or moved."""

    def test_a_new_point_is_found_at_once(self, native: list[str]) -> None:
        index, points = flann(), gauss(0, 50, 4)
        index.search(points, points[:1], 1)
        points = torch.cat((points, torch.full((2, 4), 9.0)))
        index.update(points, torch.tensor([50, 51]))
        assert index.search(points, torch.full((1, 4), 9.0), 2).tolist() == [[50, 51]]
        assert native == ["build 50"]

    def test_a_point_that_moved_far_is_found_where_it_is(self, native: list[str]) -> None:
        index, points = flann(drift=1.0), line(0, 1, 2, 3, 100)
        index.search(points, points, 1)
        points[1] = 90
        index.update(points, torch.tensor([1]))
        assert index.search(points, line(1, 91), 2).tolist() == [[0, 2], [1, 4]]
        assert native == ["build 5"]

    @pytest.mark.parametrize("path", [[10], [100, 10]], ids=["one move", "there and back"])
    @pytest.mark.parametrize(("drift", "nearest"), [(9, 0), (11, 1)], ids=["beyond", "within"])
    def test_the_trees_know_a_point_by_its_copy_within_the_drift(
        self, path: list[float], drift: float, nearest: int
    ) -> None:
        points = line(0, 9, 8, 7, 6)
        index = flann(drift=drift)
        index.search(points, points, 1)
        for points[0] in path:
            index.update(points, torch.tensor([0]))
        assert index.search(points, line(10), 1).item() == nearest

    def test_a_neighbourhood_that_moved_away_leaves_the_next_one(self) -> None:
        points = torch.cat((gauss(0, 50, 32), gauss(1, 100, 32) + 1))
        index, queries = flann(), gauss(2, 3, 32)
        index.search(points, queries, 5)
        points[:50] = 1_000
        index.update(points, torch.arange(50))
        assert_nearest(index.search(points, queries, 5), points, queries, 5)

    @given(
        points=crowds(least=1),
        added=crowds(),
        moved=st.sets(st.integers(0, 39)),
        count=st.integers(1, 50),
    )
    def test_few_checks_give_as_many_places_none_twice(
        self, points: Tensor, added: Tensor, moved: set[int], count: int
    ) -> None:
        index, places = flann(trees=1, checks=1), [place for place in moved if place < len(points)]
        index.search(points, points, count)
        points = torch.cat((points, added))
        points[places] += 50
        places += range(len(points) - len(added), len(points))
        index.update(points, torch.tensor(places, dtype=torch.int64))
        found = index.search(points, points, count)
        assert_sound(found, points, points, count)
        far = distances(points, points).gather(1, found)
        assert (far.diff(dim=1) >= -1e-6).all()


class TestTrees:
    def test_they_serve_so_many_updates(self, native: list[str]) -> None:
        index = flann(rebuild_every=3)
        for count in range(10, 17):
            points = gauss(0, count, 4)
            for _ in range(2):
                index.search(points, gauss(1, 2, 4), 1)
            index.update(points, torch.tensor([0]))
        assert native == ["build 10", "free", "build 13", "free", "build 16"]
        del index
        assert native[5:] == ["free"]

    def test_none_are_built_over_nothing(self, native: list[str]) -> None:
        index = flann(rebuild_every=1)
        assert index.search(torch.empty(0, 4), gauss(1, 2, 4), 3).shape == (2, 0)
        assert native == []

    def test_those_forgotten_are_built_anew(self, native: list[str]) -> None:
        index, points = flann(), gauss(0, 50, 4)
        index.search(points, points, 1)
        index.forget()
        assert index.search(points + 9, points[7:8] + 9, 1).item() == 7
        assert native == ["build 50", "free", "build 50"]

    def test_points_all_alike_are_all_near(self) -> None:
        points = gauss(0, 3, 16).repeat(200, 1)
        found = flann(checks=64).search(points, points[:3], 21)
        assert (found % 3 == torch.arange(3)[:, None]).all()
        assert_sound(found, points, points[:3], 21)

    @pytest.mark.parametrize(
        ("few", "many"), [({"checks": 50}, {"checks": 200}), ({"trees": 1}, {"trees": 8})]
    )
    def test_more_find_more(self, few: dict[str, int], many: dict[str, int]) -> None:
        points, queries = gauss(0, 2_000, 16), gauss(1, 50, 16)
        low, high = (
            recall(flann(**{"checks": 100, **changes}).search(points, queries, 10), points, queries)
            for changes in (few, many)
        )
        assert low + 0.02 < high < 1


SEARCH = """
import torch
from pipeline_lib.meta.neighbours.flann import FlannIndex
def search(seed):
    index = FlannIndex(trees=2, checks=20, rebuild_every=1, drift=0.0, seed=seed)
    points = torch.randn(500, 16, generator=torch.Generator().manual_seed(0))
    found = []
    for step in range(2):
        found.append(index.search(points + step, points[:9] + step, 5).tolist())
        index.update(points + step + 1, torch.tensor([0]))
    return found
"""


class TestSeed:
    @pytest.fixture
    def search(self) -> Callable[[int], list[list[list[int]]]]:
        scope: dict[str, Any] = {}
        exec(SEARCH, scope)  # noqa: S102
        return scope["search"]  # type: ignore[no-any-return]

    def test_equal_seeds_find_the_same(
        self, search: Callable[[int], list[list[list[int]]]]
    ) -> None:
        for seed in (0, 7, 2**62 + 7):
            assert search(seed) == search(seed)

    def test_other_seeds_find_other_points(
        self, search: Callable[[int], list[list[list[int]]]]
    ) -> None:
        found = [str(search(seed)) for seed in (0, 1, 2, 2**62 + 7)]
        assert len({*found}) == len(found)

    @pytest.mark.slow
    def test_equal_seeds_find_the_same_in_another_process(
        self, search: Callable[[int], list[list[list[int]]]]
    ) -> None:
        command = [sys.executable, "-c", f"{SEARCH}\nprint(search(7))"]
        other = subprocess.run(command, capture_output=True, text=True, check=True)
        assert other.stdout.strip() == str(search(7))


def test_without_pyflann_the_way_out_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyflann", None)
    with pytest.raises(FlannMissingError, match=r"x86-64 only.*`index: exact`"):
        flann()


class TestRecall:
    POINTS = line(0, 1, 3, 3, 8)

    @pytest.mark.parametrize(
        ("found", "share"),
        [
            ([0, 1, 2], 1),
            ([3, 1, 0], 1),  # as far as the third nearest
            ([0, 1, 4], 2 / 3),
            ([4, 2, 3], 2 / 3),
        ],
    )
    def test_hand_worked_cases(self, found: list[int], share: float) -> None:
        assert recall(torch.tensor([found]), self.POINTS, line(0)) == pytest.approx(share)

    def test_it_is_the_mean_over_queries(self, monkeypatch: pytest.MonkeyPatch) -> None:
        found, queries = torch.tensor([[0], [0], [4], [3]]), line(0, 9, 9, 2.5)
        assert recall(found, self.POINTS, queries) == 0.75
        monkeypatch.setattr(base, "_CHUNK", 10)
        assert recall(found, self.POINTS, queries) == 0.75

    def test_a_rounding_error_is_no_miss(self) -> None:
        points = line(1, 1 + 1e-6, 1.001)
        shares = [recall(torch.tensor([[place]]), points, line(0)) for place in range(3)]
        assert shares == [1, 1, 0]

    def test_far_from_the_origin_it_still_tells_points_apart(self) -> None:
        points = line(*(1_000 + place / 1_000 for place in range(30)))
        assert recall(torch.arange(15, 30)[None], points, line(1_000)) == 0

    def test_duplicates_of_the_query_are_all_right(self) -> None:
        points = gauss(0, 1, 16).repeat(50, 1)
        assert recall(torch.tensor([[49, 30, 8]]), points, points[:1]) == 1

    def test_of_nothing_all_is_found(self) -> None:
        assert recall(torch.empty(2, 0, dtype=torch.int64), torch.empty(0, 3), gauss(0, 2, 3)) == 1


class TestCrowd:
    """Nodes next to each other, as those of users with one profile are."""

    @pytest.fixture
    def crowd(self) -> tuple[Tensor, Tensor]:
        base = gauss(0, 1, 128)
        return base + 1e-4 * gauss(1, 40, 128), base + 1e-4 * gauss(2, 32, 128)

    def test_exact_search_is_exact(self, crowd: tuple[Tensor, Tensor]) -> None:
        points, queries = crowd
        assert recall(ExactIndex().search(points, queries, 20), points, queries) == 1

    def test_who_else_is_asked_for_does_not_matter(self, crowd: tuple[Tensor, Tensor]) -> None:
        points, queries = crowd
        alone = torch.cat([ExactIndex().search(points, q[None], 20) for q in queries])
        assert torch.equal(alone, ExactIndex().search(points, queries, 20))
