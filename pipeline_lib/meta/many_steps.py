"""The general inner step: any number of steps, any rates, embeddings that adapt as well.

Each user has copies θ_i of what adapts, stacked in one tensor for each parameter. No user's loss
depends on another's θ_i, so the gradient of the sum of the losses holds every user's gradient.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.functional import relu

from pipeline_lib.episodes.batch import Batch, BatchRows
from pipeline_lib.meta.blocks import Blocks, Side, make_blocks
from pipeline_lib.meta.rates import Rates
from pipeline_lib.meta.value_pairs import BagEntries, ValuePairs, pair_values
from pipeline_lib.models.head import Head
from pipeline_lib.models.preference import Embedded, PreferenceNetwork, over_slots
from pipeline_lib.settings.methods.base import Order


@dataclass(frozen=True)
class Theta:
    """The parameters that adapt, a copy for each user.

    layers: weight [users, out, in] and bias [users, out] of each layer in turn. users: embeddings
    of the users' codes, [users, codes, size]; values: embeddings of `ValuePairs`, [pairs,
    size]; both None where embeddings do not adapt.
    """

    layers: list[Tensor]
    users: Tensor | None = None
    values: Tensor | None = None

    def tensors(self) -> list[Tensor]:
        """List the tensors: layers, users, values."""
        return self.layers + [x for x in (self.users, self.values) if x is not None]

    def like(self, tensors: list[Tensor]) -> "Theta":
        """Return a Theta of other tensors, in the order of `tensors`."""
        count = len(self.layers)
        return Theta(tensors[:count], *tensors[count:])


@dataclass(frozen=True)
class Model:
    """The network on a batch as a function of θ; pairs: None where embeddings do not adapt."""

    network: PreferenceNetwork
    embedded: Embedded
    batch: Batch
    blocks: Blocks
    pairs: ValuePairs | None

    def start(self) -> Theta:
        """Copy the network's parameters for each user."""
        layers = [p for layer in self.network.layers for p in (layer.weight, layer.bias)]
        copies = [p.expand(len(self.batch), *p.shape) for p in layers]
        if self.pairs is None:
            return Theta(copies)
        users = self.network.user_values(self.batch.codes)
        values = self.network.item_values.weight.index_select(0, self.pairs.code)
        return Theta(copies, users, values)

    def support(self, theta: Theta) -> Tensor:
        """Compute the outputs of the support rows."""
        entries = self.pairs.support if self.pairs else None
        return self._outputs(theta, self.batch.support, self.blocks.support, entries)

    def query(self, theta: Theta) -> Tensor:
        """Compute the outputs of the query rows."""
        entries = self.pairs.query if self.pairs else None
        return self._outputs(theta, self.batch.query, self.blocks.query, entries)

    def rates(self, rates: Rates) -> list[Tensor]:
        """List the rates in the order of `Theta.tensors`."""
        found = [r for number in range(len(self.network.layers)) for r in rates.layer(number)]
        if self.pairs is None:
            return found
        users = rates.users(self.batch.codes)
        return [*found, users, rates.values(self.pairs.user, self.pairs.code)]

    def gradient(self, theta: Theta, head: Head, *, graph: bool) -> Theta:
        """Compute every user's gradient of their support loss; 0 for unknown values.

        graph: whether it can be differentiated again, for the second order.
        """
        rows = self.batch.support
        loss = rows.mean(head.loss(self.support(theta), rows.target)).sum()
        found = theta.like(list(torch.autograd.grad(loss, theta.tensors(), create_graph=graph)))
        if found.users is None:
            return found
        return replace(found, users=found.users * (self.batch.codes != 0)[..., None])

    def squares(self, theta: Theta) -> Tensor:
        """Sum the squares of each user's tensors, [users]."""
        total = torch.stack([p.flatten(1).square().sum(1) for p in theta.layers]).sum(0)
        if self.pairs is None or theta.users is None or theta.values is None:
            return total
        total = total + theta.users.square().sum((1, 2))
        return total.index_add(0, self.pairs.user, theta.values.square().sum(1))

    def _outputs(
        self, theta: Theta, rows: BatchRows, side: Side, entries: BagEntries | None
    ) -> Tensor:
        users, items = self.embedded.users, rows.take(self.embedded.items)
        if entries is not None and theta.users is not None and theta.values is not None:
            weighted = theta.users * self.batch.values[..., None]
            users = over_slots(weighted, self.network.user_width)
            items = entries.inputs(theta.values)
        for_user, for_item = theta.layers[0].split((users.shape[1], items.shape[1]), 2)
        user_part = (for_user @ users[:, :, None])[:, :, 0] + theta.layers[1]
        z = rows.spread(user_part) + self.blocks.product(side, items, for_item)
        for weight, bias in zip(theta.layers[2::2], theta.layers[3::2], strict=True):
            z = self.blocks.product(side, relu(z), weight) + rows.spread(bias)
        return z


def adapt_generally(
    model: Model, head: Head, rates: Rates, steps: int, order: Order
) -> tuple[Tensor, Theta]:
    """Take `steps` gradient steps on each user's support loss, θ_i ← θ_i − α_i ∇θ L_i(θ_i).

    Returns the outputs of the query rows, [query rows, outputs], and every user's gradient at the
    first step (Yu et al. 2021, Algorithm 1; Finn et al. 2017).
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
    """Prepare a batch; embeddings: whether they adapt as well as the layers."""
    pairs = pair_values(batch, network.item_features) if embeddings else None
    return Model(network, embedded, batch, make_blocks(batch), pairs)
