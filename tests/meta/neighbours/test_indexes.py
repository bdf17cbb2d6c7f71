"""What every index finds, and the exact one alone."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from pipeline_lib.meta.neighbours import base, exact
from pipeline_lib.meta.neighbours.base import NeighbourIndex, chunk_rows, recall
from pipeline_lib.meta.neighbours.exact import ExactIndex
from tests.meta.neighbours.nearest import assert_nearest, crowds, flann, gauss, line

GPU = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no GPU"),
]

INDEXES: dict[str, Callable[[], NeighbourIndex]] = {"exact": ExactIndex, "flann": flann}
each_index = pytest.mark.parametrize("make", INDEXES.values(), ids=INDEXES)
each_device = pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=GPU)])


def _fail(tensor: Tensor) -> Tensor:
    raise AssertionError("a tensor was saved for a gradient")


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
