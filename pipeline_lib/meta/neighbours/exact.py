"""Exact search: every query is compared with every point."""

import torch
from torch import Tensor

from pipeline_lib.meta.neighbours.base import NeighbourIndex, chunk_rows

_PLACE = 2**32 - 1


class ExactIndex(NeighbourIndex):
    """Searches all points with one matrix product, on their own device.

    Of points equally far the lowest place comes first. Equal points are equally far up to the
    product's rounding, which is the same in every search of the same tensors.
    """

    def update(self, points: Tensor, places: Tensor) -> None:
        """Do nothing: the search reads all points anew."""

    def forget(self) -> None:
        """Do nothing: there is nothing to forget."""

    @torch.no_grad()
    def search(self, points: Tensor, queries: Tensor, count: int) -> Tensor:
        """Find the `count` nearest points of each query, nearest first, none twice."""
        # In float32 the product's rounding would drown the distances between like points.
        points, queries = points.double(), queries.double()
        lengths = torch.einsum("pw,pw->p", points, points)
        places = torch.arange(len(points), device=points.device)
        parts = queries.split(chunk_rows(points))
        return torch.cat([nearest(_squares(points, lengths, q), places, count) for q in parts])


def nearest(squares: Tensor, places: Tensor, count: int) -> Tensor:
    """Return the places of the `count` smallest squares; of equal ones the lowest place first.

    squares: [queries, n] float32, none below 0. places: [n] or [queries, n] int64, below 2³².
    Returns [queries, min(count, n)] int64.
    """
    # Floats that are not negative are ordered like their bits, so one integer holds both keys.
    keys = squares.view(torch.int32).long() << 32 | places
    return keys.topk(min(count, keys.shape[1]), largest=False).values & _PLACE


def _squares(points: Tensor, lengths: Tensor, queries: Tensor) -> Tensor:
    own = queries.square().sum(1, keepdim=True)
    return torch.addmm(lengths, queries, points.T, alpha=-2).add_(own).clamp_(min=0).float()
