"""Trees: points that come and move, when they are built anew, and their seed."""

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

from pipeline_lib.meta.neighbours.base import recall
from pipeline_lib.meta.neighbours.flann import FlannMissingError
from tests.meta.neighbours.nearest import (
    assert_nearest,
    assert_sound,
    crowds,
    distances,
    flann,
    gauss,
    line,
)


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
