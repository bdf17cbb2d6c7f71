"""The tensor format: a fold's users with support and query rows, and the items' catalogue."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline_lib.schemas.columns import PARTS
from pipeline_lib.storage.tensors import TensorFileError, read_tensors, write_tensors


@dataclass(frozen=True)
class Ragged:
    """Lists of different lengths, concatenated.

    offsets: [lists + 1] int64, where each list starts and the last one ends.
    """

    offsets: Tensor

    def __len__(self) -> int:
        """Return the number of lists."""
        return len(self.offsets) - 1

    def lengths(self, lists: Tensor) -> Tensor:
        """Return the lengths of some lists, [lists] int64."""
        return self.offsets[lists + 1] - self.offsets[lists]

    def take(self, lists: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the elements of some lists in their order, without a loop.

        Each element's position in the concatenation, which of `lists` it is from, and its rank
        there: [elements] int64.
        """
        lengths = self.lengths(lists)
        owner = torch.repeat_interleave(lengths)
        before = lengths.cumsum(0) - lengths
        rank = torch.arange(len(owner), device=owner.device) - before[owner]
        return self.offsets[lists][owner] + rank, owner, rank


@dataclass(frozen=True)
class Catalogue:
    """Every item's features.

    bags: a list of codes for each feature of each item, item by item. codes: [codes] int64, those
    of known values, never 0. weights: [codes] float32, the weight of each in its bag: 1/n for n
    values; for a number, whose bag has one code, the standardised value.
    """

    bags: Ragged
    codes: Tensor
    weights: Tensor
    features: int

    def __len__(self) -> int:
        """Return the number of items."""
        return len(self.bags) // self.features

    def take(self, items: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the codes of some items, their weights and where each bag starts.

        codes [codes] int64, weights [codes] and starts [items * features] int64, as EmbeddingBag
        takes them.
        """
        features = torch.arange(self.features, device=items.device)
        bags = (items[:, None] * self.features + features).flatten()
        elements, _, _ = self.bags.take(bags)
        lengths = self.bags.lengths(bags)
        return self.codes[elements], self.weights[elements], lengths.cumsum(0) - lengths

    def all_bags(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return the codes of all items, their weights and where each bag starts, as `take`."""
        return self.codes, self.weights, self.bags.offsets[:-1]

    def double(self) -> Self:
        """Return it with float64 values."""
        return replace(self, weights=self.weights.double())

    def save(self, path: Path) -> None:
        """Write the catalogue to one file."""
        tensors = {"offsets": self.bags.offsets, "codes": self.codes, "weights": self.weights}
        write_tensors(tensors | {"features": torch.tensor(self.features)}, path)

    @classmethod
    def load(cls, path: Path, device: torch.device | str = "cpu") -> Self:
        """Read a catalogue from one file."""
        tensors = _read(path, {"offsets", "codes", "weights", "features"}, device)
        bags, features = Ragged(tensors["offsets"]), int(tensors["features"])
        return cls(bags, tensors["codes"], tensors["weights"], features)


@dataclass(frozen=True)
class Rows:
    """Rows user by user: item [rows] int64, its index in the catalogue; target [rows] float32."""

    users: Ragged
    item: Tensor
    target: Tensor

    def double(self) -> Self:
        """Return it with float64 values."""
        return replace(self, target=self.target.double())


@dataclass(frozen=True)
class Episodes:
    """The users of one fold.

    user: [users] int64, indices in the split's table of users. codes: [users, slots · features]
    int64, 0 where unknown. values: of the same shape, float32, the weight of each code: 1, 1/n
    for n values of a feature, one in each slot, or the standardised value of a number, 0 where it
    is missing.
    """

    user: Tensor
    codes: Tensor
    values: Tensor
    support: Rows
    query: Rows

    def __len__(self) -> int:
        """Return the number of users."""
        return len(self.user)

    def owners(self) -> Tensor:
        """Return the user of every row of `all_rows`, [rows] int64."""
        users = torch.arange(len(self), device=self.user.device)
        return torch.cat([part.users.take(users)[1] for part in (self.support, self.query)])

    def all_rows(self) -> tuple[Tensor, Tensor]:
        """Return support and query rows: item [rows] int64, target [rows] float32."""
        parts = (self.support, self.query)
        return torch.cat([p.item for p in parts]), torch.cat([p.target for p in parts])

    def double(self) -> Self:
        """Return it with float64 values."""
        support, query = self.support.double(), self.query.double()
        return replace(self, values=self.values.double(), support=support, query=query)

    def save(self, path: Path) -> None:
        """Write the episodes to one file."""
        tensors = {"user": self.user, "codes": self.codes, "values": self.values}
        for part, rows in zip(PARTS, (self.support, self.query), strict=True):
            tensors |= {
                f"{part}.offsets": rows.users.offsets,
                f"{part}.item": rows.item,
                f"{part}.target": rows.target,
            }
        write_tensors(tensors, path)

    @classmethod
    def load(cls, path: Path, device: torch.device | str = "cpu") -> Self:
        """Read episodes from one file."""
        rows = {f"{part}.{name}" for part in PARTS for name in ("offsets", "item", "target")}
        tensors = _read(path, {"user", "codes", "values"} | rows, device)
        support, query = (
            Rows(Ragged(tensors[f"{p}.offsets"]), tensors[f"{p}.item"], tensors[f"{p}.target"])
            for p in PARTS
        )
        return cls(tensors["user"], tensors["codes"], tensors["values"], support, query)


def _read(path: Path, names: set[str], device: torch.device | str) -> dict[str, Tensor]:
    tensors = read_tensors(path)
    if tensors.keys() != names:
        raise TensorFileError(f"{path} holds {sorted(tensors)}, not {sorted(names)}")
    return {name: tensor.to(device) for name, tensor in tensors.items()}


def ragged(lengths: NDArray[np.int64]) -> Ragged:
    """Return the offsets of lists of these lengths."""
    return Ragged(torch.tensor(np.concatenate(([0], lengths.cumsum())), dtype=torch.int64))


def integers(values: pl.Series) -> torch.Tensor:
    """Return integers as an int64 tensor."""
    return torch.tensor(values.to_numpy(), dtype=torch.int64)
