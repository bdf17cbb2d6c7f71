"""A batch of users: their rows one after another without padding, and each item once."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.functional import embedding_bag

from pipeline_lib.episodes.format import Catalogue, Episodes, Rows


@dataclass(frozen=True)
class BatchRows:
    """The rows of a batch's users, user by user.

    user, item: [rows] int64, positions in the batch's users and items. rank: [rows] int64, number
    among the user's rows. position: [rows] int64 in the fold's rows. target: [rows] float32.
    counts: [users] int64, rows of each user.
    """

    user: Tensor
    item: Tensor
    rank: Tensor
    position: Tensor
    target: Tensor
    counts: Tensor

    def sum(self, values: Tensor) -> Tensor:
        """Sum values [rows, ...] within each user, [users, ...]."""
        total = values.new_zeros(len(self.counts), *values.shape[1:])
        return total.index_add(0, self.user, values)

    def mean(self, values: Tensor) -> Tensor:
        """Average values [rows, ...] within each user, [users, ...]; 0 for a user without rows."""
        total = self.sum(values)
        shape = len(self.counts), *(1 for _ in total.shape[1:])
        return total / self.counts.clamp(min=1).to(total.dtype).view(shape)

    def share(self, values: Tensor) -> Tensor:
        """Divide rows' values [rows, n] by the numbers of their users' rows."""
        return values / self.spread(self.counts)[:, None]

    def take(self, items: Tensor) -> Tensor:
        """Return the values of each row's item, [rows, ...], of the batch's items [items, ...]."""
        return items.index_select(0, self.item)

    def spread(self, values: Tensor) -> Tensor:
        """Repeat users' values [users, ...] for each of their rows, [rows, ...]."""
        return values.index_select(0, self.user)


@dataclass(frozen=True)
class Batch:
    """Some users of a fold, those with fewest support rows first.

    users: [users] int64, positions in the fold. codes and values: those of `Episodes`, factors of
    the codes' embeddings. items: [items] int64, positions in the catalogue.
    item_codes, item_weights, item_bags: the items' features in EmbeddingBag's format.
    """

    users: Tensor
    codes: Tensor
    values: Tensor
    items: Tensor
    item_codes: Tensor
    item_weights: Tensor
    item_bags: Tensor
    support: BatchRows
    query: BatchRows

    def __len__(self) -> int:
        """Count the users."""
        return len(self.users)

    def embed_items(self, table: Tensor, features: int) -> Tensor:
        """Sum the embeddings of each item's values by feature, [items, features * size].

        table: [values, size], whose row 0, an unknown value, gets no gradient.
        """
        return sum_bags(table, self.item_codes, self.item_weights, self.item_bags, features)


def by_support(episodes: Episodes, users: Tensor) -> Tensor:
    """Sort users of a fold, [users] int64, by their numbers of support rows."""
    return users[episodes.support.users.lengths(users).argsort(stable=True)]


def take_batch(episodes: Episodes, catalogue: Catalogue, users: Tensor) -> Batch:
    """Assemble a batch of users, [users] int64 positions in the fold."""
    users = by_support(episodes, users)
    support, query = _pack(episodes.support, users), _pack(episodes.query, users)
    items, item = torch.unique(torch.cat((support.item, query.item)), return_inverse=True)
    codes, weights, bags = catalogue.take(items)
    local = item.split((len(support.item), len(query.item)))
    return Batch(
        users=users,
        codes=episodes.codes[users],
        values=episodes.values[users],
        items=items,
        item_codes=codes,
        item_weights=weights,
        item_bags=bags,
        support=replace(support, item=local[0]),
        query=replace(query, item=local[1]),
    )


def _pack(rows: Rows, users: Tensor) -> BatchRows:
    position, user, rank = rows.users.take(users)
    item, target = rows.item[position], rows.target[position]
    return BatchRows(user, item, rank, position, target, rows.users.lengths(users))


def sum_bags(table: Tensor, codes: Tensor, weights: Tensor, bags: Tensor, features: int) -> Tensor:
    """Sum weighted rows of a table [values, size] by bag, [items, features * size].

    codes, weights, bags: in EmbeddingBag's format. Row 0 of the table gets no gradient.
    """
    found = embedding_bag(codes, table, bags, mode="sum", per_sample_weights=weights, padding_idx=0)
    return found.view(-1, features * table.shape[1])
