"""Products of the features of a user's rows, K(r, s) = x(r)ᵀ V x(s), V the features' variances.

Any method that is linear in a user's own weights and starts from zero, gradient steps as well as
ridge regression, needs the features only through these products.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from pipeline_lib.episodes.batch import Batch
from pipeline_lib.meta.blocks import Blocks, Side
from pipeline_lib.meta.value_pairs import BagEntries, ValuePairs, pair_values
from pipeline_lib.models.effects import EffectsNetwork


@dataclass(frozen=True)
class RowProducts:
    """A block's products, with zeros where a user has fewer rows than others.

    support: [users, support rows, support rows]. query: [users, query rows, support rows].
    """

    support: Tensor
    query: Tensor


def row_products(network: EffectsNetwork, batch: Batch, blocks: Blocks) -> Iterator[RowProducts]:
    """Compute the products of every block of users."""
    shared, by_feature = network.variances()
    factors = network.items(batch)[1]
    sides = [
        own.pad(factors.index_select(0, rows.item))
        for own, rows in ((blocks.support, batch.support), (blocks.query, batch.query))
    ]
    common = _common_values(batch, blocks, network.item_features)
    for support, query, (within, across) in zip(*sides, common, strict=True):
        weighed = (support * shared).mT
        yield RowProducts(
            support @ weighed + within @ by_feature, query @ weighed + across @ by_feature
        )


@torch.no_grad()
def _common_values(batch: Batch, blocks: Blocks, features: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Multiply rows' values feature by feature, [users, rows, support rows, features]."""
    pairs = pair_values(batch, features)
    columns = _number_columns(pairs, len(batch), features)
    sides = zip(
        _one_column_a_value(pairs.support, columns, blocks.support),
        _one_column_a_value(pairs.query, columns, blocks.query),
        strict=True,
    )
    for support, query in sides:
        yield _multiply(support, support), _multiply(query, support)


def _number_columns(pairs: ValuePairs, users: int, features: int) -> Tensor:
    """Return the number of each value among its user's of one feature, [pairs] int64 from 0."""
    feature = torch.empty_like(pairs.code)
    for side in (pairs.support, pairs.query):
        feature[side.pair] = side.bag % features
    group = pairs.user * features + feature
    order = group.argsort(stable=True)
    counts = torch.bincount(group, minlength=users * features)
    positions = torch.arange(len(group), device=group.device)
    numbers = torch.empty_like(group)
    numbers[order] = positions - (counts.cumsum(0) - counts)[group[order]]
    return numbers


def _one_column_a_value(entries: BagEntries, columns: Tensor, side: Side) -> Iterator[list[Tensor]]:
    """Lay a block's rows out with a column for each value, [users, rows, values] by feature."""
    row, feature = entries.bag // entries.features, entries.bag % entries.features
    slots, ends = side.slots[row], torch.tensor(side.sizes, device=row.device).cumsum(0)
    first, start = 0, 0
    for shape, end in zip(side.shapes, torch.searchsorted(slots, ends).tolist(), strict=True):
        here = slice(start, end)
        slot, weight = slots[here] - first, entries.weight[here]
        column = columns[entries.pair[here]]
        chosen = [feature[here] == number for number in range(entries.features)]
        yield [_fill_columns(shape, slot[c], column[c], weight[c]) for c in chosen]
        first, start = first + shape[0] * shape[1], end


def _fill_columns(shape: tuple[int, int], slot: Tensor, column: Tensor, weight: Tensor) -> Tensor:
    width = int(column.max()) + 1 if len(column) else 0
    found = weight.new_zeros(shape[0] * shape[1], width)
    found[slot, column] = weight
    return found.view(*shape, width)


def _multiply(left: list[Tensor], right: list[Tensor]) -> Tensor:
    """Multiply rows of every feature; a column that only one side has would meet zeros."""
    widths = [min(x.shape[2], y.shape[2]) for x, y in zip(left, right, strict=True)]
    parts = zip(left, right, widths, strict=True)
    return torch.stack([x[:, :, :w] @ y[:, :, :w].mT for x, y, w in parts], -1)
