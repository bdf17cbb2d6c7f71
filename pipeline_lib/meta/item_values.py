"""The item values that each user of a batch meets, to be adapted user by user."""

from dataclasses import dataclass

import torch
from torch import Tensor

from pipeline_lib.episodes.batch import Batch, PackedRows
from pipeline_lib.episodes.format import Ragged


@dataclass(frozen=True)
class Entries:
    """The values in the bags of some rows.

    value and bag, [entries] int64; weight: what it counts for in the bag, [entries].
    """

    value: Tensor
    bag: Tensor
    weight: Tensor
    rows: int
    features: int

    def inputs(self, values: Tensor) -> Tensor:
        """Sum weighted vectors [values, size] within bags, [rows, features * size]; 0 if empty."""
        bags = values.new_zeros(self.rows * self.features, values.shape[1])
        weighted = values.index_select(0, self.value) * self.weight[:, None]
        total = bags.index_add(0, self.bag, weighted)
        return total.view(-1, self.features * values.shape[1])


@dataclass(frozen=True)
class OwnValues:
    """Every pair of a user and an item value that this user meets.

    owner, code: [values] int64. support, query: where the rows meet them.
    """

    owner: Tensor
    code: Tensor
    support: Entries
    query: Entries


def own_values(batch: Batch, features: int) -> OwnValues:
    """Pair the batch's users with the values of their items' `features` features."""
    end = torch.full_like(batch.items[:1], len(batch.item_codes))
    bags = Ragged(torch.cat((batch.item_bags, end)))
    codes = int(batch.item_codes.max()) + 1 if len(batch.item_codes) else 1
    both = (batch.support, batch.query)
    sides = [_find(batch, rows, bags, features) for rows in both]
    keys = torch.cat([owner * codes + code for owner, code, _, _ in sides])
    unique, value = torch.unique(keys, return_inverse=True)
    parts = value.split([len(owner) for owner, _, _, _ in sides])
    support, query = (
        Entries(part, bag, weight, len(rows.item), features)
        for part, (_, _, bag, weight), rows in zip(parts, sides, both, strict=True)
    )
    return OwnValues(unique // codes, unique % codes, support, query)


def _find(
    batch: Batch, rows: PackedRows, bags: Ragged, features: int
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    numbers = torch.arange(features, device=rows.item.device)
    own = (rows.item[:, None] * features + numbers).flatten()
    places, bag, _ = bags.take(own)
    owner = rows.user[bag // features]
    return owner, batch.item_codes[places], bag, batch.item_weights[places]
