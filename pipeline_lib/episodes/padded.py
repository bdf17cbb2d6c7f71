"""A batch whose tensors' shapes do not depend on who is in it: every user has equally many rows.

Nothing is read from the device to assemble one, so that a CUDA graph can hold a whole step.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from pipeline_lib.episodes.batch import Batch, BatchRows, sum_bags
from pipeline_lib.episodes.format import Catalogue, Episodes, Rows


@dataclass(frozen=True)
class PaddedRows(BatchRows):
    """Rows of which each user has `width`; those beyond `counts` are fillers.

    there: [rows] 1 for a row, 0 for a filler, of the targets' type. Each row has an item of its own
    among the batch's, the first at `offset`. The `position` of fillers is 0, and says nothing.
    """

    width: int
    there: Tensor
    offset: int

    def sum(self, values: Tensor) -> Tensor:
        """Sum values [rows, ...] within each user without fillers, [users, ...]."""
        users = len(self.counts)
        own = values.view(users, self.width, *values.shape[1:])
        there = self.there.view(users, 1, self.width)
        if values.ndim == 1:
            return (there[:, 0] * own).sum(1)
        return (there @ own.flatten(2)).view(users, *values.shape[1:])

    def share(self, values: Tensor) -> Tensor:
        """Divide rows' values [rows, n] by the numbers of their users' rows; 0 for fillers."""
        return values * (self.there / self.spread(self.counts.clamp(min=1)))[:, None]

    def take(self, items: Tensor) -> Tensor:
        """Return the values of each row's item, [rows, ...], of the batch's items [items, ...]."""
        return items.narrow(0, self.offset, len(self.item))

    def spread(self, values: Tensor) -> Tensor:
        """Repeat users' values [users, ...] for each of their rows, [rows, ...]."""
        return values.repeat_interleave(self.width, 0)


@dataclass(frozen=True)
class PaddedBatch(Batch):
    """A batch in any order, with an item for each row and the features of the whole catalogue."""

    def embed_items(self, table: Tensor, features: int) -> Tensor:
        """Sum the embeddings of each row's item by feature, [items, features * size]."""
        bags = self.item_codes, self.item_weights, self.item_bags
        return sum_bags(table, *bags, features).index_select(0, self.items)


def pad_batch(
    episodes: Episodes, catalogue: Catalogue, users: Tensor, widths: tuple[int, int]
) -> PaddedBatch:
    """Assemble a batch of users, [users] int64 positions in the fold.

    widths: support and query rows a user; none may have more.
    """
    support, support_items = _pad(episodes.support, users, widths[0], 0)
    query, query_items = _pad(episodes.query, users, widths[1], len(support_items))
    codes, weights, bags = catalogue.all_bags()
    return PaddedBatch(
        users=users,
        codes=episodes.codes[users],
        values=episodes.values[users],
        items=torch.cat((support_items, query_items)),
        item_codes=codes,
        item_weights=weights,
        item_bags=bags,
        support=support,
        query=query,
    )


def _pad(rows: Rows, users: Tensor, width: int, offset: int) -> tuple[PaddedRows, Tensor]:
    """Return users' rows, and each one's position in the catalogue, [rows] int64."""
    starts, counts = rows.users.offsets[users], rows.users.lengths(users)
    rank = torch.arange(width, device=users.device).expand(len(users), -1)
    there = rank < counts[:, None]
    position = ((starts[:, None] + rank) * there).flatten()
    padded = PaddedRows(
        user=torch.arange(len(users), device=users.device).repeat_interleave(width),
        item=torch.arange(offset, offset + len(position), device=users.device),
        rank=rank.flatten(),
        position=position,
        target=rows.target[position],
        counts=counts,
        width=width,
        there=there.flatten().to(rows.target.dtype),
        offset=offset,
    )
    return padded, rows.item[position]
