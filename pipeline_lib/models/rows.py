"""Layers on rows, each of which joins the embeddings of its user and its item."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, relu

from pipeline_lib.episodes.batch import BatchRows
from pipeline_lib.models.preference import Embedded, Embeddings


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
    """Layers with ReLU between them on a row's user, item and target."""

    def __init__(self, embeddings: Embeddings, widths: Sequence[int]) -> None:
        super().__init__()
        self.first = RowLayer(embeddings.user_width, embeddings.item_width, 1, widths[0])
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
