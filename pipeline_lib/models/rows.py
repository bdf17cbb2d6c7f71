"""Layers on rows, each of which joins the embeddings of its user and its item."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, relu

from pipeline_lib.episodes.batch import Batch, BatchRows
from pipeline_lib.models.preference import Embedded, Embeddings, InputSizes
from pipeline_lib.settings.network import Network


class LayeredEmbeddings(Embeddings):
    """Embeddings of users, and of items, that go through layers with ReLU after each.

    width: of what comes out of either.
    """

    def __init__(self, sizes: InputSizes, network: Network, layers: Sequence[int]) -> None:
        super().__init__(sizes, network)
        self.users = _rectified(self.user_width, *layers)
        self.items = _rectified(self.item_width, *layers)
        self.width = layers[-1]

    def embed(self, batch: Batch) -> Embedded:
        """Compute the layers' outputs, [users, width] and [items, width]."""
        own = super().embed(batch)
        return Embedded(self.users(own.users), self.items(own.items))


class RowLayer(nn.Module):
    """A linear layer on a row's user, item and `own` further numbers.

    What a user and an item add is computed once, however many rows they have.
    """

    def __init__(self, users: int, items: int, own: int, outputs: int) -> None:
        super().__init__()
        layer = nn.Linear(users + items + own, outputs)
        self.weight, self.bias = layer.weight, layer.bias
        self.widths = users, items, own

    def forward(self, embedded: Embedded, rows: BatchRows, own: Tensor | None = None) -> Tensor:
        """Compute outputs, [rows, outputs]; own: [rows, own], where the layer has such inputs."""
        for_user, for_item, for_own = self.weight.split(self.widths, 1)
        parts = linear(embedded.users, for_user, self.bias), linear(embedded.items, for_item)
        sums = Embedded(*parts).sums(rows)
        return sums if own is None else sums + linear(own, for_own)


class RowEncoder(nn.Module):
    """Layers with ReLU between them on a row's user and item, `width` each, and target."""

    def __init__(self, width: int, widths: Sequence[int]) -> None:
        super().__init__()
        self.first = RowLayer(width, width, 1, widths[0])
        self.later = nn.ModuleList(nn.Linear(i, o) for i, o in pairwise(widths))

    def forward(self, embedded: Embedded, rows: BatchRows) -> Tensor:
        """Encode rows, [rows, the last width]."""
        x: Tensor = self.first(embedded, rows, rows.target[:, None])
        for layer in self.later:
            x = layer(relu(x))
        return x


def with_users(embedded: Embedded, values: Tensor) -> Embedded:
    """Put values of users, [users, n], beside their embeddings."""
    return Embedded(torch.cat((embedded.users, values), 1), embedded.items)


def _rectified(*widths: int) -> nn.Sequential:
    layers = [(nn.Linear(i, o), nn.ReLU()) for i, o in pairwise(widths)]
    return nn.Sequential(*(part for layer in layers for part in layer))
