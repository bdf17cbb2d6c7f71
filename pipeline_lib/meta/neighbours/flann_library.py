"""FLANN's native library of randomised kd-trees, as pyflann-py3 brings it."""

import ctypes
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
        """Give back the trees' memory."""
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
