"""An index finds the points nearest to a query; its recall is the share that it found."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor

_CHUNK = 2**23  # elements of a table of distances: 64 MB of int64
_TIE = 1e-5  # relative


class NeighbourIndex(ABC):
    """Finds the nearest of points that are added and moved.

    points: [points, width] float32, the current ones, whose number may grow. A place is a row of
    them, and may be given to another point.
    """

    @abstractmethod
    def update(self, points: Tensor, places: Tensor) -> None:
        """Record that the points at `places`, [n] int64, are new or have moved."""

    @abstractmethod
    def forget(self) -> None:
        """Record that any point may have changed."""

    @abstractmethod
    def search(self, points: Tensor, queries: Tensor, count: int) -> Tensor:
        """Find the `count` nearest points of each query, nearest first, none twice.

        queries: [queries, width] float32, on the points' device. Returns places
        [queries, min(count, points)] int64, on that device too.
        """


def chunk_rows(points: Tensor) -> int:
    """Return the number of queries whose distances to all points are computed at once."""
    return max(1, _CHUNK // max(1, len(points)))


@torch.no_grad()
def recall(found: Tensor, points: Tensor, queries: Tensor) -> float:
    """Compute the share of the found places that are among the nearest; 1 where none was asked for.

    found: [queries, count] int64, as `search` returns it. Of points equally far any one is right.
    """
    if not found.numel():
        return 1.0
    rows = chunk_rows(points)
    parts = zip(found.split(rows), queries.split(rows), strict=True)
    return sum(_right(part, points, query) for part, query in parts) / found.numel()


def _right(found: Tensor, points: Tensor, queries: Tensor) -> int:
    far = torch.cdist(queries, points, compute_mode="donot_use_mm_for_euclid_dist")
    limit = far.topk(found.shape[1], largest=False).values[:, -1:] * (1 + _TIE)
    return int((far.gather(1, found) <= limit).sum())
