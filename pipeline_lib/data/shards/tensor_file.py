"""Write a safetensors file piece by piece, never holding a tensor whole."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import BinaryIO

import torch
from torch import Tensor

DTYPES = {"I64": torch.int64, "F32": torch.float32}
CODES = {dtype: code for code, dtype in DTYPES.items()}


@dataclass(frozen=True)
class Shape:
    """A tensor to come."""

    dtype: torch.dtype
    sizes: tuple[int, ...]

    @property
    def bytes(self) -> int:
        """Count its bytes."""
        return self.dtype.itemsize * prod(self.sizes)


class TensorFile:
    """A file of the tensors announced, each written from its start to its end, as they come."""

    def __init__(self, file: BinaryIO, shapes: Mapping[str, Shape]) -> None:
        self._file = file
        # As the library lays them out: the widest types first, by name.
        names = sorted(shapes, key=lambda name: (-shapes[name].dtype.itemsize, name))
        header: dict[str, object] = {}
        self._ends: dict[str, int] = {}
        at = 0
        for name in names:
            shape, self._ends[name] = shapes[name], at
            header[name] = {
                "dtype": CODES[shape.dtype],
                "shape": shape.sizes,
                "data_offsets": (at, at + shape.bytes),
            }
            at += shape.bytes
        text = json.dumps(header, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 8)
        file.write(len(text).to_bytes(8, "little") + text)
        self._start = file.tell()

    def append(self, name: str, values: Tensor) -> None:
        """Write the next values of a tensor."""
        self._file.seek(self._start + self._ends[name])
        self._ends[name] += self._file.write(values.contiguous().numpy().tobytes())
