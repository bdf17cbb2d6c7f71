"""Blocks of users with similarly many rows, in which each user's rows are padded to a matrix."""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from pipeline_lib.episodes.batch import Batch, BatchRows
from pipeline_lib.episodes.padded import PaddedRows

# A CPU loses most by padding, a GPU by many small operations.
USERS_PER_BLOCK = 8
USERS_PER_BLOCK_ON_GPU = 512


@dataclass(frozen=True)
class Side:
    """The support or the query rows of a batch, in blocks of neighbouring users.

    slots: [rows] int64, where each row stands among the slots of all blocks, one block after
    another. shapes: users and slots a user of each block.
    """

    slots: Tensor
    shapes: list[tuple[int, int]]

    @property
    def sizes(self) -> list[int]:
        """Count the slots of each block."""
        return [users * width for users, width in self.shapes]

    def pad(self, x: Tensor) -> list[Tensor]:
        """Spread rows [rows, n] over slots, by block [users, width, n], with zeros between."""
        padded = x.new_zeros(sum(self.sizes), x.shape[1])
        return self.cut(padded.index_copy_(0, self.slots, x))

    def unpad(self, x: list[Tensor]) -> Tensor:
        """Gather rows [rows, n] from slots, by block [users, width, n]."""
        return torch.cat([block.flatten(0, 1) for block in x]).index_select(0, self.slots)

    def cut(self, slots: Tensor) -> list[Tensor]:
        """Cut slots [slots, n] by block, [users, width, n]."""
        parts = zip(slots.split(self.sizes), self.shapes, strict=True)
        return [part.view(*shape, slots.shape[1]) for part, shape in parts]


@dataclass(frozen=True)
class FullSide(Side):
    """A side whose users all have equally many rows, so that no row has to move."""

    def pad(self, x: Tensor) -> list[Tensor]:
        """View rows [rows, n] by block, [users, width, n]."""
        return self.cut(x)

    def unpad(self, x: list[Tensor]) -> Tensor:
        """View the one block, [users, width, n], as rows [rows, n]."""
        return x[0].flatten(0, 1)


@dataclass(frozen=True)
class Blocks:
    """A batch cut into blocks of neighbouring users."""

    query: Side
    support: Side

    def users(self, values: Tensor) -> tuple[Tensor, ...]:
        """Split values of users, [users, ...], by block."""
        parts: tuple[Tensor, ...] = values.split([users for users, _ in self.query.shapes])
        return parts

    def product(self, side: Side, x: Tensor, weight: Tensor) -> Tensor:
        """Multiply rows x [rows, in] by their users' own weights [users, out, in], [rows, out]."""
        parts = zip(side.pad(x), self.users(weight), strict=True)
        return side.unpad([own @ w.mT for own, w in parts])


def make_blocks(batch: Batch) -> Blocks:
    """Cut a batch into blocks; its users are sorted by support rows, so little is padded."""
    size = USERS_PER_BLOCK_ON_GPU if batch.users.is_cuda else USERS_PER_BLOCK
    ends = [*range(0, len(batch), size), len(batch)]
    return Blocks(_side(batch.query, ends), _side(batch.support, ends))


def _side(rows: BatchRows, ends: list[int]) -> Side:
    if isinstance(rows, PaddedRows):
        places = torch.arange(len(rows.item), device=rows.item.device)
        return FullSide(places, [(len(rows.counts), rows.width)])
    counts = rows.counts.tolist()
    shapes = [(end - start, max(counts[start:end])) for start, end in pairwise(ends)]
    users, widths = torch.tensor(shapes, device=rows.user.device).T
    slots = widths.repeat_interleave(users, output_size=len(counts))
    first = slots.cumsum(0) - slots
    return Side(first.index_select(0, rows.user) + rows.rank, shapes)
