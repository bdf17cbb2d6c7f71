"""The preference network: embeddings of user and item features, then fully connected layers."""

from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, relu

from pipeline_lib.episodes.batch import Batch, BatchRows
from pipeline_lib.settings.network import Network


@dataclass(frozen=True)
class InputSizes:
    """The numbers of features and, without 0, of codes; a numeric feature has one code."""

    user_features: int
    user_values: int
    item_features: int
    item_values: int


@dataclass(frozen=True)
class Embedded:
    """Values of a batch's users and items, [users, n] and [items, n]: at first their embeddings."""

    users: Tensor
    items: Tensor

    def sums(self, rows: BatchRows) -> Tensor:
        """Add the values of each row's user and item, [rows, n]."""
        return rows.spread(self.users) + rows.take(self.items)


class Embeddings(nn.Module):
    """Embeds users and items by their features.

    The embedding of code 0, an unknown value, is always zero. A number's embedding is that of its
    feature's one code, times the number.
    """

    def __init__(self, sizes: InputSizes, network: Network) -> None:
        super().__init__()
        size, std = network.embedding_size, network.embedding_std
        self.user_values = _embedding(sizes.user_values, size, std)
        self.item_values = _embedding(sizes.item_values, size, std)
        self.user_width = sizes.user_features * size
        self.item_features = sizes.item_features
        self.item_width = sizes.item_features * size

    def embed(self, batch: Batch) -> Embedded:
        """Embed users and items: concatenate the features' embeddings, sums over their values."""
        codes = self.user_values(batch.codes) * batch.values[..., None]
        users = over_slots(codes, self.user_width)
        return Embedded(users, batch.embed_items(self.item_values.weight, self.item_features))


class PreferenceNetwork(Embeddings):
    """Maps the embeddings of a user and an item to outputs by layers with ReLU between them.

    The layers are the decision layers, which the inner step adapts (Yu et al. 2021, "Experiment
    setting", after Lee et al. 2019).
    """

    def __init__(self, sizes: InputSizes, network: Network, outputs: int) -> None:
        super().__init__(sizes, network)
        widths = (self.user_width + self.item_width, *network.hidden, outputs)
        self.first, *later = (nn.Linear(i, o) for i, o in pairwise(widths))
        self.later = nn.ModuleList(later)

    @property
    def layers(self) -> list[nn.Linear]:
        """List the decision layers."""
        return [self.first, *self.later_layers]

    @property
    def later_layers(self) -> list[nn.Linear]:
        """List the layers after the first."""
        return cast("list[nn.Linear]", list(self.later))

    def first_layer(self, embedded: Embedded) -> Embedded:
        """Compute what each user and each item add to the first layer's outputs of their rows."""
        for_user, for_item = self.first.weight.split((self.user_width, self.item_width), 1)
        return Embedded(
            linear(embedded.users, for_user, self.first.bias), linear(embedded.items, for_item)
        )

    def forward(self, embedded: Embedded, rows: BatchRows) -> Tensor:
        """Compute the outputs of rows without adaptation, [rows, outputs]."""
        outputs: Tensor = self.later_layers[-1](self.features(self.first_layer(embedded), rows))
        return outputs

    def features(self, first: Embedded, rows: BatchRows) -> Tensor:
        """Compute the last layer's inputs of rows, [rows, in].

        first: the parts of the first layer's outputs.
        """
        z = first.sums(rows)
        for layer in self.later_layers[:-1]:
            z = layer(relu(z))
        return relu(z)


def over_slots(users: Tensor, width: int) -> Tensor:
    """Sum users' weighted embeddings, [users, slots · features, size], to [users, width]."""
    slots = users.shape[1] * users.shape[2] // width
    if slots == 1:
        return users.flatten(1)
    return users.view(len(users), slots, width).sum(1)


def _embedding(values: int, size: int, std: float) -> nn.Embedding:
    embedding = nn.Embedding(values + 1, size, padding_idx=0)
    with torch.no_grad():
        embedding.weight.normal_(0, std)[0] = 0
    return embedding
