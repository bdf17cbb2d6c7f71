"""Each user's query rows against their own support rows, in padded blocks of similar users."""

from dataclasses import dataclass

import torch
from torch import Tensor

from pipeline_lib.batch import Batch, PackedRows

USERS_PER_BLOCK = 8


@dataclass(frozen=True)
class Side:
    """The rows of a block on one side.

    rows: where they lie in the batch. places: [rows] int64 in the block's [users * width] slots.
    """

    rows: slice
    places: Tensor
    users: int
    width: int

    def pad(self, x: Tensor) -> Tensor:
        """Spread packed rows [rows, n] over slots, [users, width, n], zeros elsewhere."""
        slots = x.new_zeros(self.users * self.width, x.shape[1])
        return slots.index_copy(0, self.places, x[self.rows]).view(self.users, self.width, -1)

    def unpad(self, x: Tensor) -> Tensor:
        """Gather packed rows from slots."""
        return x.flatten(0, 1)[self.places]


@dataclass(frozen=True)
class Block:
    """Neighbouring users of a batch, and their rows on both sides."""

    users: slice
    query: Side
    support: Side


def make_blocks(batch: Batch) -> list[Block]:
    """Cut a batch into blocks; its users are sorted by support rows, so little is padded."""
    starts = range(0, len(batch), USERS_PER_BLOCK)
    users = [slice(s, min(s + USERS_PER_BLOCK, len(batch))) for s in starts]
    query, support = _sides(batch.query, users), _sides(batch.support, users)
    return [Block(*parts) for parts in zip(users, query, support, strict=True)]


def _sides(rows: PackedRows, blocks: list[slice]) -> list[Side]:
    counts = rows.counts.tolist()
    sides, start = [], 0
    for users in blocks:
        own = counts[users]
        part = slice(start, start + sum(own))
        places = (rows.user[part] - users.start) * max(own) + rows.rank[part]
        sides.append(Side(part, places, len(own), max(own)))
        start = part.stop
    return sides


def gram_product(
    query: Tensor, support: Tensor, step: Tensor, constant: Tensor, blocks: list[Block]
) -> Tensor:
    """Compute (query supportᵀ + constant) step within each user.

    query: [query rows, n]. support: [support rows, n]. step: [support rows, m]. constant:
    [users]. Returns [query rows, m].
    """
    return torch.cat([_block_product(query, support, step, constant, b) for b in blocks])


def _block_product(
    query: Tensor, support: Tensor, step: Tensor, constant: Tensor, block: Block
) -> Tensor:
    gram = block.query.pad(query) @ block.support.pad(support).mT
    return block.query.unpad((gram + constant[block.users, None, None]) @ block.support.pad(step))
