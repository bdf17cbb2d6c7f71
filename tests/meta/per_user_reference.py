"""The inner step as the papers write it: user by user, autograd, each user's own weights."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, relu

from pipeline_lib.episodes import Catalogue, Episodes, Rows
from pipeline_lib.models.preference import PreferenceNetwork


@dataclass(frozen=True)
class PerUserReference:
    """Slow and plain: shares no code with the batched step but the parameters.

    inner_lr: from embeddings [1, user_width] to learning rates [1].
    """

    network: PreferenceNetwork
    inner_lr: Callable[[Tensor], Tensor]
    order: str
    episodes: Episodes
    catalogue: Catalogue

    def scores(self, user: int) -> Tensor:
        """Score one user's query rows after a step on that user's support rows."""
        embedding = embed_user(self.network, self.episodes.codes[user])
        rate = self.inner_lr(embedding[None])[0]
        weights: list[Tensor] = list(decision_parameters(self.network))
        error = self._score(embedding, user, self.episodes.support, weights)
        error = error - own(self.episodes.support, user)[1]
        gradients = torch.autograd.grad(
            error.square().mean(), weights, create_graph=self.order == "second"
        )
        adapted = [w - rate * g for w, g in zip(weights, gradients, strict=True)]
        return self._score(embedding, user, self.episodes.query, adapted)

    def loss(self) -> Tensor:
        """Compute the mean over users of their mean squared error on query rows."""
        errors = [
            (self.scores(user) - own(self.episodes.query, user)[1]).square().mean()
            for user in range(len(self.episodes))
        ]
        return torch.stack(errors).mean()

    def _score(self, embedding: Tensor, user: int, rows: Rows, weights: list[Tensor]) -> Tensor:
        items = own(rows, user)[0].tolist()
        x = torch.stack(
            [torch.cat((embedding, embed_item(self.network, self.catalogue, i))) for i in items]
        )
        for weight, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
            x = relu(linear(x, weight, bias))
        return linear(x, weights[-2], weights[-1])[:, 0]


def decision_parameters(network: PreferenceNetwork) -> list[nn.Parameter]:
    """List weight and bias of every layer that adapts, first to last."""
    return [*network.first.parameters(), *network.later.parameters()]


def embed_user(network: PreferenceNetwork, codes: Tensor) -> Tensor:
    """Put one user's vectors side by side; an unknown value's is zero."""
    table = network.user_values.weight
    return torch.cat([table[c] if c else torch.zeros_like(table[0]) for c in codes.tolist()])


def embed_item(network: PreferenceNetwork, catalogue: Catalogue, item: int) -> Tensor:
    """Put the means of one item's bags side by side; an empty bag's is zero."""
    table, offsets = network.item_values.weight, catalogue.bags.offsets.tolist()
    first = item * catalogue.features
    bags = [
        catalogue.codes[offsets[bag] : offsets[bag + 1]].tolist()
        for bag in range(first, first + catalogue.features)
    ]
    return torch.cat([table[b].mean(0) if b else torch.zeros_like(table[0]) for b in bags])


def own(rows: Rows, user: int) -> tuple[Tensor, Tensor]:
    """Cut out one user's items and targets."""
    start, stop = rows.users.offsets[user : user + 2].tolist()
    return rows.item[start:stop], rows.target[start:stop]
