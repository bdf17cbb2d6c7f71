"""Each user's rows against something of their own, in padded blocks of similar users."""

from dataclasses import dataclass

import torch
from torch import Tensor

from pipeline_lib.episodes.batch import Batch, PackedRows

USERS_PER_BLOCK = 8


@dataclass(frozen=True)
class Side:
    """The rows of a block on one side; places: [rows] int64 in its [users * width] slots."""

    places: Tensor
    users: int
    width: int

    def pad(self, x: Tensor) -> Tensor:
        """Spread the block's packed rows [rows, n] over slots, [users, width, n], with zeros."""
        slots = x.new_zeros(self.users * self.width, x.shape[1])
        return slots.index_copy(0, self.places, x).view(self.users, self.width, x.shape[1])

    def unpad(self, x: Tensor) -> Tensor:
        """Gather the block's packed rows from slots."""
        return x.flatten(0, 1).index_select(0, self.places)


@dataclass(frozen=True)
class Blocks:
    """A batch cut into blocks of neighbouring users; they are sorted by support rows."""

    query: list[Side]
    support: list[Side]

    def users(self, values: Tensor) -> tuple[Tensor, ...]:
        """Split values of users, [users, ...], by block."""
        parts: tuple[Tensor, ...] = values.split([side.users for side in self.query])
        return parts

    def pad(self, sides: list[Side], x: Tensor) -> list[Tensor]:
        """Pad packed rows block by block."""
        parts = x.split([len(side.places) for side in sides])
        return [side.pad(part) for side, part in zip(sides, parts, strict=True)]

    def unpad(self, sides: list[Side], x: list[Tensor]) -> Tensor:
        """Gather packed rows from all blocks."""
        return torch.cat([side.unpad(part) for side, part in zip(sides, x, strict=True)])


def make_blocks(batch: Batch) -> Blocks:
    """Cut a batch into blocks; its users are sorted by support rows, so little is padded."""
    starts = range(0, len(batch), USERS_PER_BLOCK)
    users = [slice(s, min(s + USERS_PER_BLOCK, len(batch))) for s in starts]
    return Blocks(_sides(batch.query, users), _sides(batch.support, users))


def _sides(rows: PackedRows, blocks: list[slice]) -> list[Side]:
    counts = rows.counts.tolist()
    sides, start = [], 0
    for users in blocks:
        own = counts[users]
        part = slice(start, start + sum(own))
        places = (rows.user[part] - users.start) * max(own) + rows.rank[part]
        sides.append(Side(places, len(own), max(own)))
        start = part.stop
    return sides
