"""Any number of gradient steps with any rates, each user on parameters of their own, at once.

The users' copies θ_i of what adapts are stacked. No user's loss depends on another's θ_i, so the
gradient of the sum of their losses holds every user's gradient.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.functional import relu

from pipeline_lib.episodes.batch import Batch, PackedRows
from pipeline_lib.meta.blocks import Blocks, Side, make_blocks
from pipeline_lib.meta.item_values import Entries, OwnValues, own_values
from pipeline_lib.meta.rates import Rates
from pipeline_lib.models.head import Head
from pipeline_lib.models.preference import Embedded, PreferenceNetwork
from pipeline_lib.settings.methods.base import Order


@dataclass(frozen=True)
class Theta:
    """What adapts, a copy for each user.

    layers: weights [users, out, in] and biases [users, out] by turns. users: vectors of the users'
    codes, [users, features, size]; values: vectors of `OwnValues`, [values, size]; both None where
    they do not adapt.
    """

    layers: list[Tensor]
    users: Tensor | None = None
    values: Tensor | None = None

    def tensors(self) -> list[Tensor]:
        """List all."""
        return self.layers + [x for x in (self.users, self.values) if x is not None]

    def like(self, tensors: list[Tensor]) -> "Theta":
        """Put other tensors in the places of these."""
        count = len(self.layers)
        return Theta(tensors[:count], *tensors[count:])


@dataclass(frozen=True)
class Model:
    """The network over a batch as a function of θ; own: None where embeddings do not adapt."""

    network: PreferenceNetwork
    embedded: Embedded
    batch: Batch
    blocks: Blocks
    own: OwnValues | None

    def start(self) -> Theta:
        """Copy the network's parameters for each user."""
        layers = [p for layer in self.network.layers for p in (layer.weight, layer.bias)]
        copies = [p.expand(len(self.batch), *p.shape) for p in layers]
        if self.own is None:
            return Theta(copies)
        users = self.network.user_values(self.batch.codes)
        values = self.network.item_values.weight.index_select(0, self.own.code)
        return Theta(copies, users, values)

    def support(self, theta: Theta) -> Tensor:
        """Compute the outputs of the support rows."""
        entries = self.own.support if self.own else None
        return self._outputs(theta, self.batch.support, self.blocks.support, entries)

    def query(self, theta: Theta) -> Tensor:
        """Compute the outputs of the query rows."""
        entries = self.own.query if self.own else None
        return self._outputs(theta, self.batch.query, self.blocks.query, entries)

    def rates(self, rates: Rates) -> list[Tensor]:
        """List the rates of θ's tensors."""
        found = [r for number in range(len(self.network.layers)) for r in rates.layer(number)]
        if self.own is None:
            return found
        users = rates.users(self.batch.codes)
        return [*found, users, rates.values(self.own.owner, self.own.code)]

    def gradient(self, theta: Theta, head: Head, *, graph: bool) -> Theta:
        """Compute every user's gradient of their support loss; that of unknown values is 0."""
        rows = self.batch.support
        loss = rows.mean(head.loss(self.support(theta), rows.target)).sum()
        found = theta.like(list(torch.autograd.grad(loss, theta.tensors(), create_graph=graph)))
        if found.users is None:
            return found
        return replace(found, users=found.users * (self.batch.codes != 0)[..., None])

    def squares(self, theta: Theta) -> Tensor:
        """Sum each user's squares, [users]."""
        total = torch.stack([p.flatten(1).square().sum(1) for p in theta.layers]).sum(0)
        if self.own is None or theta.users is None or theta.values is None:
            return total
        total = total + theta.users.square().sum((1, 2))
        return total.index_add(0, self.own.owner, theta.values.square().sum(1))

    def _outputs(
        self, theta: Theta, rows: PackedRows, sides: list[Side], entries: Entries | None
    ) -> Tensor:
        users, items = self.embedded.users, self.embedded.items.index_select(0, rows.item)
        if entries is not None and theta.users is not None and theta.values is not None:
            users = (theta.users * self.batch.values[..., None]).flatten(1)
            items = entries.inputs(theta.values)
        for_user, for_item = theta.layers[0].split((users.shape[1], items.shape[1]), 2)
        user_part = (for_user @ users[:, :, None])[:, :, 0] + theta.layers[1]
        z = rows.spread(user_part) + self._product(items, for_item, sides)
        for weight, bias in zip(theta.layers[2::2], theta.layers[3::2], strict=True):
            z = self._product(relu(z), weight, sides) + rows.spread(bias)
        return z

    def _product(self, x: Tensor, weight: Tensor, sides: list[Side]) -> Tensor:
        pairs = zip(self.blocks.pad(sides, x), self.blocks.users(weight), strict=True)
        return self.blocks.unpad(sides, [x @ w.mT for x, w in pairs])


def adapt_generally(
    model: Model, head: Head, rates: Rates, steps: int, order: Order
) -> tuple[Tensor, Theta]:
    """Take `steps` steps on the support rows' loss and compute the outputs of the query rows.

    Returns outputs [query rows, outputs] and every user's gradient at the first step.
    """
    second = order == "second" and torch.is_grad_enabled()
    gradients = []
    with torch.enable_grad():
        theta, rate = model.start(), model.rates(rates)
        for _ in range(steps):
            gradients.append(model.gradient(theta, head, graph=second))
            moved = zip(theta.tensors(), rate, gradients[-1].tensors(), strict=True)
            theta = theta.like([p - r * g for p, r, g in moved])
    return model.query(theta), gradients[0]


def make_model(
    network: PreferenceNetwork, embedded: Embedded, batch: Batch, embeddings: bool
) -> Model:
    """Lay a batch out; embeddings: whether they adapt as well."""
    features = network.item_width // network.item_values.embedding_dim
    own = own_values(batch, features) if embeddings else None
    return Model(network, embedded, batch, make_blocks(batch), own)
