"""Inner learning rates: one for each user, or one for each weight.

A rate is given in a shape that multiplies the users' own parameters: `layer` those of a decision
layer, [users, out, in] and [users, out]; `users` the vectors of their codes, [users, features,
embedding_size]; `values` those of some users' item values, [values, embedding_size].
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import embedding

from pipeline_lib.models.preference import PreferenceNetwork


class Rates(ABC):
    """The inner learning rates of a batch."""

    @abstractmethod
    def layer(self, number: int) -> tuple[Tensor, Tensor]:
        """Find the rates of a layer's weight and bias."""

    @abstractmethod
    def users(self, codes: Tensor) -> Tensor:
        """Find the rates of the vectors of users with these codes, [users, features]."""

    @abstractmethod
    def values(self, owner: Tensor, codes: Tensor) -> Tensor:
        """Find the rates of item values, each of one user: both [values] int64."""


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

    def values(self, owner: Tensor, _codes: Tensor) -> Tensor:
        """Return the owners' rates, the same for every code."""
        return self.rate.index_select(0, owner)[:, None]


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
        """Look the rates of the users' codes up."""
        return embedding(codes, self.tables[0])

    def values(self, _owner: Tensor, codes: Tensor) -> Tensor:
        """Look the rates of the items' codes up."""
        return embedding(codes, self.tables[1])


def _rates(tensors: list[Tensor], initial: float) -> nn.ParameterList:
    return nn.ParameterList(torch.full_like(tensor, initial) for tensor in tensors)
