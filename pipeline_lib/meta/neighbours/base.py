"""What finds the points nearest to a query, and the share of them that it found."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor

_CHUNK = 2**23  # elements of a table of distances: 64 MB of int64
_TIE = 1e-5  # relative


class NeighbourIndex(ABC):
    """Finds the nearest of points that come and move.

    points: [points, width] float32, always as they are now; their number may grow. A place may
    be given to another point.
    """

    @abstractmethod
    def update(self, points: Tensor, places: Tensor) -> None:
        """Take note that the points at `places`, [n] int64, are new or have moved."""

    @abstractmethod
    def forget(self) -> None:
        """Take note that any point may have changed."""

    @abstractmethod
    def search(self, points: Tensor, queries: Tensor, count: int) -> Tensor:
        """Find the `count` nearest points of each query, nearest first, none twice.

        queries: [queries, width] float32, on the points' device. Returns places
        [queries, min(count, points)] int64, on that device too.
        """


def chunk_rows(points: Tensor) -> int:
    """Count the queries whose distances to all points may be held at once."""
    return max(1, _CHUNK // max(1, len(points)))


@torch.no_grad()
def recall(found: Tensor, points: Tensor, queries: Tensor) -> float:
    """Measure the share of the found places that are no farther than the nearest ones must be.

    found: [queries, count] int64, as `search` returns it. Any of several points equally far is
    right. 1 where nothing was to be found.
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
