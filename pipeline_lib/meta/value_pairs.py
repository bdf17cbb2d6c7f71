"""Each user's own copies of the item values that they meet, for embeddings that adapt.

A value is one code of an item's feature, such as a genre. Two users who meet the same value adapt
its embedding apart, so every pair of a user and a value has a row of its own.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from pipeline_lib.episodes.batch import Batch, BatchRows
from pipeline_lib.episodes.format import Ragged


@dataclass(frozen=True)
class BagEntries:
    """The pairs in the feature bags of the items of some rows.

    pair and bag, [entries] int64; weight: what the value counts for in the bag, [entries].
    """

    pair: Tensor
    bag: Tensor
    weight: Tensor
    rows: int
    features: int

    def inputs(self, vectors: Tensor) -> Tensor:
        """Sum the pairs' weighted vectors [pairs, size] by bag, [rows, features * size]."""
        bags = vectors.new_zeros(self.rows * self.features, vectors.shape[1])
        weighted = vectors.index_select(0, self.pair) * self.weight[:, None]
        total = bags.index_add(0, self.bag, weighted)
        return total.view(-1, self.features * vectors.shape[1])


@dataclass(frozen=True)
class ValuePairs:
    """Every pair of a user and an item value that the user meets.

    user, code: [pairs] int64. support, query: the entries of these rows.
    """

    user: Tensor
    code: Tensor
    support: BagEntries
    query: BagEntries


def pair_values(batch: Batch, features: int) -> ValuePairs:
    """Pair the batch's users with the values of their items' `features` features."""
    end = torch.full_like(batch.items[:1], len(batch.item_codes))
    bags = Ragged(torch.cat((batch.item_bags, end)))
    codes = int(batch.item_codes.max()) + 1 if len(batch.item_codes) else 1
    both = (batch.support, batch.query)
    sides = [_find(batch, rows, bags, features) for rows in both]
    keys = torch.cat([user * codes + code for user, code, _, _ in sides])
    unique, pair = torch.unique(keys, return_inverse=True)
    parts = pair.split([len(user) for user, _, _, _ in sides])
    support, query = (
        BagEntries(part, bag, weight, len(rows.item), features)
        for part, (_, _, bag, weight), rows in zip(parts, sides, both, strict=True)
    )
    return ValuePairs(unique // codes, unique % codes, support, query)


def _find(
    batch: Batch, rows: BatchRows, bags: Ragged, features: int
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return every entry of the rows' bags: its user, code, bag and weight, [entries]."""
    numbers = torch.arange(features, device=rows.item.device)
    of_rows = (rows.item[:, None] * features + numbers).flatten()
    positions, bag, _ = bags.take(of_rows)
    user = rows.user[bag // features]
    return user, batch.item_codes[positions], bag, batch.item_weights[positions]
