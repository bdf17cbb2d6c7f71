"""What a user's rows have in common: products of their features, weighed by variances.

K(r, s) = x(r)ᵀ V x(s). Whatever is linear in a user's own weights and begins from none, gradient
steps as well as ridge regression, needs no more of the features than these products.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from pipeline_lib.episodes.batch import Batch
from pipeline_lib.meta.blocks import Blocks, Side
from pipeline_lib.meta.item_values import Entries, OwnValues, own_values
from pipeline_lib.models.effects import EffectsNetwork


@dataclass(frozen=True)
class Kernel:
    """A block's products, with zeros where a user has fewer rows than others.

    support: [users, support rows, support rows]. query: [users, query rows, support rows].
    """

    support: Tensor
    query: Tensor


def kernels(network: EffectsNetwork, batch: Batch, blocks: Blocks) -> Iterator[Kernel]:
    """Compute the products of every block of users."""
    shared, by_feature = network.variances()
    factors = network.items(batch)[1]
    sides = [
        blocks.pad(own, factors.index_select(0, rows.item))
        for own, rows in ((blocks.support, batch.support), (blocks.query, batch.query))
    ]
    common = _common_values(batch, blocks, network.item_features)
    for support, query, (within, across) in zip(*sides, common, strict=True):
        weighed = (support * shared).mT
        yield Kernel(support @ weighed + within @ by_feature, query @ weighed + across @ by_feature)


@torch.no_grad()
def _common_values(batch: Batch, blocks: Blocks, features: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Multiply rows' values feature by feature, [users, rows, support rows, features]."""
    values = own_values(batch, features)
    columns = _enumerate(values, len(batch), features)
    sides = zip(
        _spread(values.support, columns, blocks.support),
        _spread(values.query, columns, blocks.query),
        strict=True,
    )
    for support, query in sides:
        yield _multiply(support, support), _multiply(query, support)


def _enumerate(values: OwnValues, users: int, features: int) -> Tensor:
    """Count each user's values up, feature by feature from 0, [values] int64."""
    feature = torch.empty_like(values.code)
    for side in (values.support, values.query):
        feature[side.value] = side.bag % features
    group = values.owner * features + feature
    order = group.argsort(stable=True)
    counts = torch.bincount(group, minlength=users * features)
    places = torch.arange(len(group), device=group.device)
    numbers = torch.empty_like(group)
    numbers[order] = places - (counts.cumsum(0) - counts)[group[order]]
    return numbers


def _spread(entries: Entries, columns: Tensor, sides: list[Side]) -> Iterator[list[Tensor]]:
    """Give a block's rows a column for each value, [users, rows, values] of every feature."""
    row, feature = entries.bag // entries.features, entries.bag % entries.features
    ends = torch.tensor([len(side.places) for side in sides], device=row.device).cumsum(0)
    first, start = 0, 0
    for side, end in zip(sides, torch.searchsorted(row, ends).tolist(), strict=True):
        here = slice(start, end)
        places, weight = side.places[row[here] - first], entries.weight[here]
        column = columns[entries.value[here]]
        chosen = [feature[here] == number for number in range(entries.features)]
        yield [_columns(side, places[c], column[c], weight[c]) for c in chosen]
        first, start = first + len(side.places), end


def _columns(side: Side, place: Tensor, column: Tensor, weight: Tensor) -> Tensor:
    width = int(column.max()) + 1 if len(column) else 0
    found = weight.new_zeros(side.users * side.width, width)
    found[place, column] = weight
    return found.view(side.users, side.width, width)


def _multiply(left: list[Tensor], right: list[Tensor]) -> Tensor:
    """Multiply rows of every feature; a column that only one side has meets zeros."""
    widths = [min(x.shape[2], y.shape[2]) for x, y in zip(left, right, strict=True)]
    parts = zip(left, right, widths, strict=True)
    return torch.stack([x[:, :, :w] @ y[:, :, :w].mT for x, y, w in parts], -1)
