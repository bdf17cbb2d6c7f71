"""Points, and the nearest of them by every distance worked out in float64."""

import torch
from hypothesis import strategies as st
from torch import Tensor

from pipeline_lib.meta.neighbours.flann import FlannIndex

torch.set_num_threads(1)  # on tensors this small a second thread only waits

SETTINGS = {"trees": 4, "checks": 10_000, "rebuild_every": 1_000, "drift": 0.0, "seed": 3}


def flann(**changes: float) -> FlannIndex:
    return FlannIndex(**{**SETTINGS, **changes})  # type: ignore[arg-type]


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
