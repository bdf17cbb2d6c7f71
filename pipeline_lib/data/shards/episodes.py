"""Gather a fold's episodes from its shards', holding some users at a time."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import torch
from safetensors import safe_open
from torch import Tensor
from torch.nn.functional import pad

from pipeline_lib.episodes.format import Ragged
from pipeline_lib.schemas.columns import PARTS
from pipeline_lib.storage.tables import atomic_path

DTYPES = {"I64": torch.int64, "F32": torch.float32}
CODES = {dtype: code for code, dtype in DTYPES.items()}
USERS_AT_ONCE = 50_000
OF_USERS = ("user", "codes", "values")
OF_ROWS = ("item", "target")


class TensorFile:
    """A file of tensors of known shapes, each written in pieces from its start to its end.

    outlines: the tensors by name, their values left out (on the device `meta`).
    """

    def __init__(self, file: BinaryIO, outlines: Mapping[str, Tensor]) -> None:
        self._file = file
        # In the order of the library: the widest types first, then by name.
        names = sorted(outlines, key=lambda name: (-outlines[name].itemsize, name))
        header: dict[str, object] = {}
        self._ends: dict[str, int] = {}
        at = 0
        for name in names:
            outline, self._ends[name] = outlines[name], at
            at += outline.nbytes
            header[name] = {
                "dtype": CODES[outline.dtype],
                "shape": outline.shape,
                "data_offsets": (self._ends[name], at),
            }
        text = json.dumps(header, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 8)
        file.write(len(text).to_bytes(8, "little") + text)
        self._start = file.tell()

    def append(self, name: str, values: Tensor) -> None:
        """Write the next piece of a tensor."""
        self._file.seek(self._start + self._ends[name])
        self._ends[name] += self._file.write(values.contiguous().numpy().tobytes())


def gather_episodes(shards: Sequence[Path], path: Path) -> None:
    """Write the bytes that `Episodes.save` writes for all users; shards: their files."""
    parts = [_Shard(own) for own in shards]
    columns = max(shard.columns for shard in parts)
    for shard in parts:
        shard.columns = columns
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        out = TensorFile(file, _of_all(parts))
        ends = dict.fromkeys(PARTS, torch.zeros(1, dtype=torch.int64))
        for part, zero in ends.items():
            out.append(f"{part}.offsets", zero)
        for tensors in _in_order(parts):
            for part in PARTS:
                offsets = ends[part] + tensors.pop(f"{part}.lengths").cumsum(0)
                tensors[f"{part}.offsets"], ends[part] = offsets, offsets[-1:]
            for name, values in tensors.items():
                out.append(name, values)


class _Shard:
    """A shard's file, of which only the users' indices and their rows' offsets are held."""

    def __init__(self, path: Path) -> None:
        opened: Any = safe_open
        self._file = opened(path, "pt", backend="pread")
        self.users: Tensor = self._file.get_tensor("user")
        self.rows = {part: Ragged(self._file.get_tensor(f"{part}.offsets")) for part in PARTS}
        self.names: list[str] = self._file.keys()
        self.columns = self._file.get_slice("codes").get_shape()[1]  # once padded

    def outline(self, name: str) -> Tensor:
        """Return a tensor's type and sizes without its values, on the device `meta`."""
        there = self._file.get_slice(name)
        outline = torch.empty(there.get_shape(), dtype=DTYPES[there.get_dtype()], device="meta")
        return self._padded(outline)

    def take(self, first: int, end: int) -> dict[str, Tensor]:
        """Read the users whose indices are from `first` to before `end`."""
        start, stop = torch.searchsorted(self.users, torch.tensor([first, end])).tolist()
        found = {name: self._read(name, start, stop) for name in OF_USERS}
        for part, rows in self.rows.items():
            low, high = rows.offsets[[start, stop]].tolist()
            found[f"{part}.lengths"] = rows.offsets[start : stop + 1].diff()
            for name in OF_ROWS:
                found[f"{part}.{name}"] = self._read(f"{part}.{name}", low, high)
        return found

    def _read(self, name: str, start: int, stop: int) -> Tensor:
        """Read a slice of a tensor; the library cannot read an empty one."""
        if start == stop:
            return torch.empty_like(self.outline(name)[:0], device="cpu")
        return self._padded(self._file.get_slice(name)[start:stop])

    def _padded(self, values: Tensor) -> Tensor:
        """Add slots without codes, as a user of another shard has more values of a feature."""
        return pad(values, (0, self.columns - values.shape[1])) if values.ndim > 1 else values


def _of_all(shards: Sequence[_Shard]) -> dict[str, Tensor]:
    """Return the tensors of all users without their values."""
    whole = {name: torch.cat([shard.outline(name) for shard in shards]) for name in shards[0].names}
    for part in PARTS:  # each shard has an offset more than it has users
        whole[f"{part}.offsets"] = whole[f"{part}.offsets"][len(shards) - 1 :]
    return whole


def _in_order(shards: Sequence[_Shard]) -> Iterator[dict[str, Tensor]]:
    """Read all users in the order of their indices."""
    end = max((int(shard.users[-1]) + 1 for shard in shards if len(shard.users)), default=0)
    for first in range(0, end, USERS_AT_ONCE):
        found = [shard.take(first, first + USERS_AT_ONCE) for shard in shards]
        together = {name: torch.cat([tensors[name] for tensors in found]) for name in found[0]}
        yield _sorted(together)


def _sorted(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    order = tensors["user"].argsort()
    result = {name: tensors[name][order] for name in OF_USERS}
    for part in PARTS:
        lengths = tensors[f"{part}.lengths"]
        starts = torch.cat([torch.zeros(1, dtype=torch.int64), lengths.cumsum(0)])
        elements, _, _ = Ragged(starts).take(order)
        result[f"{part}.lengths"] = lengths[order]
        for name in OF_ROWS:
            result[f"{part}.{name}"] = tensors[f"{part}.{name}"][elements]
    return result
