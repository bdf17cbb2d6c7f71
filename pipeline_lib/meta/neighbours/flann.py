"""Approximate search by FLANN: randomised kd-trees over a copy of the points, seldom rebuilt."""

import ctypes
import math
import weakref
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import pad

from pipeline_lib.meta.neighbours.base import NeighbourIndex
from pipeline_lib.meta.neighbours.exact import ExactIndex, nearest

_KD_TREES = 1
_AFTER_SAMPLE_FRACTION = 13
_LEFT_OUT = ("table_number_", "key_size_", "multi_probe_level_")


class FlannMissingError(Exception):
    """pyflann-py3 cannot be loaded."""


class FlannLibrary:
    """Builds, searches and frees kd-trees; equal seeds and data give equal trees."""

    def __init__(self, trees: int, checks: int, seed: int) -> None:
        """Raise FlannMissingError where pyflann-py3 cannot be loaded."""
        self._functions, structure = _load()
        own = _complete(structure)(
            algorithm=_KD_TREES,
            checks=checks,
            trees=trees,
            random_seed=seed % (2**31 - 1) + 1,  # the library takes 0 for none
        )
        self._parameters = ctypes.cast(ctypes.pointer(own), ctypes.POINTER(structure))

    def build(self, points: NDArray[np.float32]) -> ctypes.c_void_p:
        """Build trees over points [n, width], n above 0, which must outlive them unchanged."""
        build, speedup = self._functions.build_index[np.float32], ctypes.c_float()
        trees = build(points, *points.shape, ctypes.byref(speedup), self._parameters)
        return ctypes.c_void_p(trees)

    def search(
        self, trees: ctypes.c_void_p, queries: NDArray[np.float32], count: int
    ) -> NDArray[np.int32]:
        """Find about the `count` nearest points of each query, [queries, count].

        queries: [queries, width], of the points' width; `count` at most the number of points:
        the library checks neither. Of queries that are not finite the answer means nothing.
        """
        places = np.zeros((len(queries), count), np.int32)
        squares = np.empty((len(queries), count), np.float32)
        search = self._functions.find_nearest_neighbors_index[np.float32]
        search(trees, queries, len(queries), places, squares, count, self._parameters)
        return places

    def free(self, trees: ctypes.c_void_p) -> None:
        """Free the trees."""
        self._functions.free_index[np.float32](trees, self._parameters)


def _load() -> tuple[Any, Any]:
    try:
        from pyflann import FLANNParameters, flann
    except ImportError as error:
        message = (
            "pyflann-py3 cannot be loaded; it exists for x86-64 only. Set `index: exact` instead"
        )
        raise FlannMissingError(message) from error
    return flann, FLANNParameters


def _complete(structure: Any) -> type[ctypes.Structure]:  # noqa: ANN401
    # pyflann-py3 leaves out three fields of the library's, which reads the seed beyond its end.
    fields, at = dict(structure._fields_), _AFTER_SAMPLE_FRACTION
    left_out = [(name, ctypes.c_int) for name in _LEFT_OUT if name not in fields]
    whole = [*structure._fields_[:at], *left_out, *structure._fields_[at:]]
    return type("Parameters", (ctypes.Structure,), {"_fields_": whole})


class FlannIndex(NeighbourIndex):
    """Searches kd-trees over a copy of the points, and exactly those that are new or have moved.

    Trees are rebuilt after `rebuild_every` updates, and look at about `checks` points for a query.
    A point no farther than `drift` from its copy is still found by them. FLANN's bound on a branch
    is too high where a dimension was split twice, so that a few near points are missed whatever
    `checks` is.
    """

    def __init__(
        self, trees: int, checks: int, rebuild_every: int, drift: float, seed: int
    ) -> None:
        """Raise FlannMissingError where pyflann-py3 cannot be loaded."""
        self._library = FlannLibrary(trees, checks, seed)
        self._most_hits = checks
        self._rebuild_every = rebuild_every
        self._drift = drift
        self._trees: _Trees | None = None
        self._updates = 0

    @torch.no_grad()
    def update(self, points: Tensor, places: Tensor) -> None:
        """Compare the points at `places` with their copies."""
        self._updates += 1
        if self._trees is not None:
            self._trees.compare(points, places, self._drift)

    def forget(self) -> None:
        """Free the trees; the next search builds new ones."""
        self._trees = None

    @torch.no_grad()
    def search(self, points: Tensor, queries: Tensor, count: int) -> Tensor:
        """Find about the `count` nearest points of each query, nearest first, none twice."""
        if not len(points):  # the library cannot build trees over nothing
            return ExactIndex().search(points, queries, count)
        trees = self._trees_for(points)
        stale = trees.stale_places(len(points)).to(points.device)
        beside = stale[ExactIndex().search(points[stale], queries, count)]
        hits, dropped = trees.search(queries.cpu().contiguous(), count, self._most_hits)
        places = torch.cat((hits.to(points.device), beside), 1)
        dropped = pad(dropped.to(points.device), (0, beside.shape[1]))
        squares = (points[places] - queries[:, None]).square().sum(2).float()
        squares.masked_fill_(dropped, math.inf)
        return nearest(squares, places, min(count, len(points)))

    def _trees_for(self, points: Tensor) -> "_Trees":
        if self._trees is None or self._updates >= self._rebuild_every:
            self.forget()  # frees the old trees before the new ones are built
            self._trees = _Trees(self._library, points)
            self._updates = 0
        return self._trees


class _Trees:
    """Trees, the copy of the points that they read, and which points of the copy are stale."""

    def __init__(self, library: FlannLibrary, points: Tensor) -> None:
        self._copy = points.to(
            "cpu", torch.float32, copy=True, memory_format=torch.contiguous_format
        )
        self._stale = torch.zeros(len(points), dtype=torch.bool)
        self._library = library
        self._native = library.build(self._copy.numpy())
        weakref.finalize(self, library.free, self._native)

    def compare(self, points: Tensor, places: Tensor, drift: float) -> None:
        """Mark the places whose point is farther than `drift` from its copy; unmark the others."""
        known = places[places < len(self._copy)]
        now, known = points[known].cpu(), known.cpu()
        self._stale[known] = torch.linalg.vector_norm(now - self._copy[known], dim=1) > drift

    def stale_places(self, points: int) -> Tensor:
        """List the places of `points` points that are stale in the copy or not in it."""
        return torch.cat((self._stale.nonzero()[:, 0], torch.arange(len(self._copy), points)))

    def search(self, queries: Tensor, count: int, most: int) -> tuple[Tensor, Tensor]:
        """Find near points, [queries, n] int64, and which of them are stale, [queries, n] bool.

        At least `count` for each query are not stale, unless `most` points or all were asked for.
        """
        most = min(max(most, 2 * count), len(self._copy))
        asked = min(2 * count, most)
        while True:
            places = self._library.search(self._native, queries.float().numpy(), asked)
            hits = torch.from_numpy(places).long()
            stale = self._stale[hits]
            if asked == most or ((~stale).sum(1) >= count).all():
                return hits, stale
            asked = min(2 * asked, most)
