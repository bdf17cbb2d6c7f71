"""Blocks of users with similarly many rows, in which each user's rows are padded to a matrix."""

from dataclasses import dataclass

import torch
from torch import Tensor

from pipeline_lib.episodes.batch import Batch, BatchRows
from pipeline_lib.episodes.padded import PaddedRows

# A CPU loses most by padding, a GPU by many small operations.
USERS_PER_BLOCK = 8
USERS_PER_BLOCK_ON_GPU = 512


@dataclass(frozen=True)
class Side:
    """The support or the query rows of a block, padded to `width` rows a user.

    slots: [rows] int64, where each row stands among the [users * width] slots.
    """

    slots: Tensor
    users: int
    width: int

    def pad(self, x: Tensor) -> Tensor:
        """Spread the block's rows [rows, n] over slots, [users, width, n], with zeros between."""
        padded = x.new_zeros(self.users * self.width, x.shape[1])
        return padded.index_copy(0, self.slots, x).view(self.users, self.width, x.shape[1])

    def unpad(self, x: Tensor) -> Tensor:
        """Gather the block's rows [rows, n] from slots [users, width, n]."""
        return x.flatten(0, 1).index_select(0, self.slots)


@dataclass(frozen=True)
class FullSide(Side):
    """A side whose users all have `width` rows, so that no row has to move."""

    def pad(self, x: Tensor) -> Tensor:
        """View rows [rows, n] as [users, width, n]."""
        return x.view(self.users, self.width, x.shape[1])

    def unpad(self, x: Tensor) -> Tensor:
        """View [users, width, n] as rows [rows, n]."""
        return x.flatten(0, 1)


@dataclass(frozen=True)
class Blocks:
    """A batch cut into blocks of neighbouring users."""

    query: list[Side]
    support: list[Side]

    def users(self, values: Tensor) -> tuple[Tensor, ...]:
        """Split values of users, [users, ...], by block."""
        parts: tuple[Tensor, ...] = values.split([side.users for side in self.query])
        return parts

    def pad(self, sides: list[Side], x: Tensor) -> list[Tensor]:
        """Pad a batch's rows [rows, n] block by block."""
        parts = x.split([len(side.slots) for side in sides])
        return [side.pad(part) for side, part in zip(sides, parts, strict=True)]

    def unpad(self, sides: list[Side], x: list[Tensor]) -> Tensor:
        """Gather a batch's rows [rows, n] from all blocks."""
        return torch.cat([side.unpad(part) for side, part in zip(sides, x, strict=True)])

    def product(self, sides: list[Side], x: Tensor, weight: Tensor) -> Tensor:
        """Multiply rows x [rows, in] by their users' own weights [users, out, in], [rows, out]."""
        parts = zip(self.pad(sides, x), self.users(weight), strict=True)
        return self.unpad(sides, [own @ w.mT for own, w in parts])


def make_blocks(batch: Batch) -> Blocks:
    """Cut a batch into blocks; its users are sorted by support rows, so little is padded."""
    size = USERS_PER_BLOCK_ON_GPU if batch.users.is_cuda else USERS_PER_BLOCK
    users = [slice(s, min(s + size, len(batch))) for s in range(0, len(batch), size)]
    return Blocks(_sides(batch.query, users), _sides(batch.support, users))


def _sides(rows: BatchRows, blocks: list[slice]) -> list[Side]:
    if isinstance(rows, PaddedRows):
        return [FullSide(rows.rank, len(rows.counts), rows.width)]
    counts = rows.counts.tolist()
    sides, start = [], 0
    for users in blocks:
        own = counts[users]
        part = slice(start, start + sum(own))
        slots = (rows.user[part] - users.start) * max(own) + rows.rank[part]
        sides.append(Side(slots, len(own), max(own)))
        start = part.stop
    return sides
