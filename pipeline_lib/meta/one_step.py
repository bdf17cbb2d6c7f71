"""The fast inner step: one gradient step on the decision layers, for all users at once.

Where X, D are a layer's inputs and errors on user i's support rows (see `support_pass`), its
gradients are G = Dᵀ X and 1ᵀ D, and after a step with rates α its outputs on query inputs x_q are

    x_q Wᵀ + b − x_q (α ∘ G)ᵀ − α ∘ 1ᵀ D.

With one rate a user the change is α_i (x_q Xᵀ + 1) D: no user's weights or gradients are built.
"""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from torch.nn.functional import relu

from pipeline_lib.episodes.batch import Batch
from pipeline_lib.meta.blocks import Blocks, make_blocks
from pipeline_lib.meta.rates import Rates, UserRates
from pipeline_lib.meta.support_pass import SupportPass
from pipeline_lib.models.preference import Embedded, PreferenceNetwork

# Up to so many outputs a layer's gradient is smaller than the products of rows.
FEW_OUTPUTS = 16


@dataclass(frozen=True)
class Gradient:
    """Each user's gradient of a layer: of its weight by block, [users, out, in], and of its bias.

    bias: [users, out].
    """

    weight: list[Tensor]
    bias: Tensor


@dataclass(frozen=True)
class Step:
    """The step of a batch's users; the rates come with each call.

    inputs: those of `support`, padded, by layer and block: [users, rows, in].
    """

    batch: Batch
    blocks: Blocks
    support: SupportPass
    inputs: list[list[Tensor]]

    def change_by_user(self, layer: int, query: Tensor, constant: Tensor, rate: Tensor) -> Tensor:
        """Compute how a layer's outputs change with one rate a user, [query rows, out].

        query: the layer's inputs, [query rows, in]. constant: [users], added to every product of
        a query and a support row: 1 for the bias. rate: [users].
        """
        parts = zip(
            self.blocks.query.pad(query),
            self.inputs[layer],
            self.rows[layer],
            self.error,
            self.blocks.users(constant[:, None, None]),
            self.blocks.users(rate[:, None, None]),
            strict=True,
        )
        # Support first: the gradient of the larger factor then needs no transposition.
        changes = [((s @ q.mT + c) * (r * e)).mT @ d for q, s, d, e, c, r in parts]
        change = self.blocks.query.unpad(changes)
        column = self.support.errors.columns[layer]
        return change if column is None else change * column

    def change_by_weight(self, gradient: Gradient, query: Tensor, rate: Tensor) -> Tensor:
        """Compute how a layer's outputs change through its weights, [query rows, out].

        query: the layer's inputs, [query rows, in]. rate: [users, 1, 1] or [1, out, in].
        """
        parts = zip(
            self.blocks.query.pad(query),
            gradient.weight,
            self.blocks.users(rate) if len(rate) > 1 else [rate] * len(gradient.weight),
            strict=True,
        )
        changes = [q @ (r * g).mT for q, g, r in parts]
        return self.blocks.query.unpad(changes)

    def gradient(self, layer: int) -> Gradient:
        """Compute each user's gradient of a layer."""
        errors = self.support.errors.product(layer)
        padded = self.blocks.support.pad(errors)
        weight = [d.mT @ x for x, d in zip(self.inputs[layer], padded, strict=True)]
        return Gradient(weight, self.batch.support.sum(errors))

    def squares(self, layer: int, constant: Tensor) -> Tensor:
        """Compute ‖Dᵀ X‖² + c ‖1ᵀ D‖² of each user, [users].

        constant: c, [users]: 1 for the layer's weight and bias. With few rows the sum is had for
        less from the products of rows, Σ (X Xᵀ + c) ∘ (D Dᵀ).
        """
        column, found = self.support.errors.columns[layer], []
        parts = zip(
            self.inputs[layer],
            self.rows[layer],
            self.error,
            self.blocks.users(constant[:, None, None]),
            strict=True,
        )
        for x, own, e, c in parts:
            d = own * (e if column is None else e * column)
            (rows, width), outputs = x.shape[1:], d.shape[2]
            if rows * (width + outputs) < width * outputs:
                found.append(((x @ x.mT + c) * (d @ d.mT)).sum((1, 2)))
            else:
                biases = c[:, 0, 0] * d.sum(1).square().sum(1)
                found.append((d.mT @ x).square().sum((1, 2)) + biases)
        return torch.cat(found)

    def outputs(self, layer: int) -> int:
        """Count a layer's outputs."""
        return self.support.errors.rows[layer].shape[1]

    @cached_property
    def rows(self) -> list[list[Tensor]]:
        """Pad the errors' factors by row, by layer and block: [users, rows, out]."""
        return [self.blocks.support.pad(own) for own in self.support.errors.rows]

    @cached_property
    def error(self) -> list[Tensor]:
        """Pad the errors' common factor, by block: [users, rows, 1]."""
        return self.blocks.support.pad(self.support.errors.error)


def make_step(support: SupportPass, batch: Batch) -> Step:
    """Cut a batch into blocks and pad the layers' inputs."""
    blocks = make_blocks(batch)
    inputs = [blocks.support.pad(rows) for rows in support.inputs]
    return Step(batch, blocks, support, inputs)


def query_pass(
    network: PreferenceNetwork, embedded: Embedded, first: Embedded, step: Step, rates: Rates
) -> Tensor:
    """Compute the outputs of the query rows after each user's step, [query rows, outputs].

    first: the parts of the first layer's outputs before it.
    """
    z = first.sums(step.batch.query) - _first_change(network, embedded, step, rates)
    for number, layer in enumerate(network.later_layers, start=1):
        x = relu(z)
        z = layer(x) - _later_change(step, number, x, rates)
    return z


def squared_gradients(step: Step) -> Tensor:
    """Compute ‖∇θ L_i‖² over the decision layers, [users] (Yu et al. 2021, REG-PAML)."""
    users = step.support.users.square().sum(1)
    layers = range(len(step.inputs))
    each = [step.squares(layer, torch.ones_like(users)) for layer in layers[1:]]
    return torch.stack([step.squares(0, 1 + users), *each]).sum(0)


def _first_change(
    network: PreferenceNetwork, embedded: Embedded, step: Step, rates: Rates
) -> Tensor:
    """Compute the first layer's change; a user's part is the same in all their rows."""
    items = step.batch.query.take(embedded.items)
    same_user = embedded.users * step.support.users
    if isinstance(rates, UserRates):
        return step.change_by_user(0, items, same_user.sum(1) + 1, rates.rate)
    weight, bias = rates.layer(0)
    for_user, for_item = weight.split((network.user_width, network.item_width), 2)
    gradient = step.gradient(0)
    users = gradient.bias * (same_user @ for_user[0].T + bias)
    return step.change_by_weight(gradient, items, for_item) + step.batch.query.spread(users)


def _later_change(step: Step, layer: int, x: Tensor, rates: Rates) -> Tensor:
    """Compute a later layer's change; with few outputs through the gradient of its weight."""
    if isinstance(rates, UserRates) and step.outputs(layer) > FEW_OUTPUTS:
        return step.change_by_user(layer, x, torch.ones_like(rates.rate), rates.rate)
    weight, bias = rates.layer(layer)
    gradient = step.gradient(layer)
    users = step.batch.query.spread(bias * gradient.bias)
    return step.change_by_weight(gradient, x, weight) + users
