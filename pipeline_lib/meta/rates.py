"""Inner learning rates α: one for each user, or one for each weight.

A rate has a shape that multiplies the users' own parameters: that of `layer` a decision layer's,
[users, out, in] and [users, out]; of `users` the embeddings of users' codes, [users, features,
embedding_size]; of `values` the embeddings of item values, [pairs, embedding_size].
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import embedding

from pipeline_lib.models.preference import PreferenceNetwork


class Rates(ABC):
    """The inner learning rates of a batch."""

    @abstractmethod
    def layer(self, number: int) -> tuple[Tensor, Tensor]:
        """Return the rates of a layer's weight and bias."""

    @abstractmethod
    def users(self, codes: Tensor) -> Tensor:
        """Return the rates of the embeddings of users' codes, [users, features] int64."""

    @abstractmethod
    def values(self, user: Tensor, code: Tensor) -> Tensor:
        """Return the rates of pairs of a user and an item value, both [pairs] int64."""


@dataclass(frozen=True)
class UserRates(Rates):
    """One rate for each user, [users]."""

    rate: Tensor

    def layer(self, _number: int) -> tuple[Tensor, Tensor]:
        """Return the users' rates, the same for every layer."""
        return self.rate[:, None, None], self.rate[:, None]

    def users(self, _codes: Tensor) -> Tensor:
        """Return the users' rates, the same for every code."""
        return self.rate[:, None, None]

    def values(self, user: Tensor, _code: Tensor) -> Tensor:
        """Return the rate of each pair's user, the same for every code."""
        return self.rate.index_select(0, user)[:, None]


class WeightRates(nn.Module, Rates):
    """One learned rate for each weight, the same for all users (Meta-SGD, Li et al. 2017)."""

    def __init__(self, network: PreferenceNetwork, initial: float, embeddings: bool) -> None:
        super().__init__()
        self.weights = _rates([layer.weight for layer in network.layers], initial)
        self.biases = _rates([layer.bias for layer in network.layers], initial)
        tables = [network.user_values.weight, network.item_values.weight] if embeddings else []
        self.tables = _rates(tables, initial)

    def layer(self, number: int) -> tuple[Tensor, Tensor]:
        """Return the layer's rates, the same for every user."""
        return self.weights[number][None], self.biases[number][None]

    def users(self, codes: Tensor) -> Tensor:
        """Return the rates of the codes' rows in the users' table."""
        return embedding(codes, self.tables[0])

    def values(self, _user: Tensor, code: Tensor) -> Tensor:
        """Return the rates of the codes' rows in the items' table."""
        return embedding(code, self.tables[1])


def _rates(tensors: list[Tensor], initial: float) -> nn.ParameterList:
    return nn.ParameterList(torch.full_like(tensor, initial) for tensor in tensors)


class LearningRateNetwork(nn.Module):
    """α'(h) = lr_max · sigmoid(MLP(h)), with ReLU between the layers (PAML, Yu et al. 2021)."""

    def __init__(self, user_width: int, hidden: Sequence[int], lr_max: float) -> None:
        super().__init__()
        self.lr_max = lr_max
        widths = (user_width, *hidden)
        layers = [(nn.Linear(i, o), nn.ReLU()) for i, o in pairwise(widths)]
        self.mlp = nn.Sequential(*(m for pair in layers for m in pair), nn.Linear(widths[-1], 1))

    def forward(self, users: Tensor) -> Tensor:
        """Map embeddings [users, user_width] to inner learning rates [users]."""
        return self.lr_max * torch.sigmoid(self.mlp(users)[:, 0])
