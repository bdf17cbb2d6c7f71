"""The share of the nearest points that a search found."""

import pytest
import torch

from pipeline_lib.meta.neighbours import base
from pipeline_lib.meta.neighbours.base import recall
from tests.meta.neighbours.nearest import gauss, line


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
