"""The fast inner step: one gradient step on the decision layers, for all users at once.

Where X, D are a layer's inputs and errors on user i's support rows (see `support_pass`), its
gradients are G = Dᵀ X and 1ᵀ D, and after a step with rates α its outputs on query inputs x_q are

    x_q Wᵀ + b − x_q (α ∘ G)ᵀ − α ∘ 1ᵀ D.

With one rate a user the change is α_i (x_q Xᵀ + 1) D: no user's weights or gradients are built.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import Linear
from torch.nn.functional import relu

from pipeline_lib.episodes.batch import Batch, BatchRows
from pipeline_lib.meta.blocks import Blocks, make_blocks
from pipeline_lib.meta.rates import Rates, UserRates
from pipeline_lib.models.head import Head
from pipeline_lib.models.preference import Embedded, PreferenceNetwork

# Up to so many outputs a layer's gradient is smaller than the products of rows.
FEW_OUTPUTS = 16


@dataclass(frozen=True)
class SupportPass:
    """Inputs and errors of every layer on the support rows.

    inputs: [rows, in]; for the first layer the item's part alone. users: the user's part of it,
    [users, user_width]. errors: ∂L_i/∂z, [rows, out].
    """

    users: Tensor
    inputs: list[Tensor]
    errors: list[Tensor]

    def detach(self) -> "SupportPass":
        """Detach all tensors from the graph, for first-order meta-learning."""
        return SupportPass(
            self.users.detach(),
            [x.detach() for x in self.inputs],
            [error.detach() for error in self.errors],
        )


def support_pass(
    network: PreferenceNetwork, head: Head, embedded: Embedded, first: Embedded, rows: BatchRows
) -> SupportPass:
    """Compute the layers' inputs forward and the errors of the mean loss backward.

    first: the parts of the first layer's outputs.
    """
    inputs = [rows.take(embedded.items)]
    z = first.sums(rows)
    for layer in network.later_layers:
        inputs.append(relu(z))
        z = layer(inputs[-1])
    error = rows.share(head.error(z, rows.target))
    return SupportPass(embedded.users, inputs, _errors(network.later_layers, inputs[1:], error))


def _errors(layers: list[Linear], inputs: list[Tensor], error: Tensor) -> list[Tensor]:
    """Propagate the last layer's errors back, [rows, out] of every layer."""
    errors = [error]
    if error.shape[1] == 1 and len(layers) > 1:
        # With one output, a row's error is a common factor of the errors of all layers before. The
        # rest depends on the weights alone, which saves one large product in the outer gradient.
        (*layers, hidden, last), (*inputs, x, x_last) = layers, inputs
        lit = (x_last > 0).to(error.dtype)
        through = lit @ (last.weight.T * hidden.weight)
        errors = [error * (x > 0) * through, error * lit * last.weight, error]
    for layer, x in zip(reversed(layers), reversed(inputs), strict=True):
        errors.insert(0, errors[0] @ layer.weight * (x > 0))
    return errors


@dataclass(frozen=True)
class Step:
    """The step of a batch's users; the rates come with each call.

    inputs, errors: those of `support`, padded, by layer and block: [users, rows, n].
    """

    batch: Batch
    blocks: Blocks
    support: SupportPass
    inputs: list[list[Tensor]]
    errors: list[list[Tensor]]

    def change_by_user(self, layer: int, query: Tensor, constant: Tensor, rate: Tensor) -> Tensor:
        """Compute how a layer's outputs change with one rate a user, [query rows, out].

        query: the layer's inputs, [query rows, in]. constant: [users], added to every product of
        a query and a support row: 1 for the bias. rate: [users].
        """
        parts = zip(
            self.blocks.pad(self.blocks.query, query),
            self.inputs[layer],
            self.errors[layer],
            self.blocks.users(constant[:, None, None]),
            self.blocks.users(rate[:, None, None]),
            strict=True,
        )
        # Support first: the gradient of the larger factor then needs no transposition.
        changes = [((s @ q.mT + c) * r).mT @ d for q, s, d, c, r in parts]
        return self.blocks.unpad(self.blocks.query, changes)

    def change_by_weight(self, layer: int, query: Tensor, rate: Tensor) -> Tensor:
        """Compute how a layer's outputs change through its weights, [query rows, out].

        rate: [users, 1, 1] or [1, out, in].
        """
        parts = zip(
            self.blocks.pad(self.blocks.query, query),
            self.gradients(layer),
            self.blocks.users(rate) if len(rate) > 1 else [rate] * len(self.blocks.query),
            strict=True,
        )
        changes = [q @ (r * g).mT for q, g, r in parts]
        return self.blocks.unpad(self.blocks.query, changes)

    def gradients(self, layer: int) -> list[Tensor]:
        """Compute each user's gradient of a layer's weight, block by block, [users, out, in]."""
        return [d.mT @ x for x, d in zip(self.inputs[layer], self.errors[layer], strict=True)]

    def squares(self, layer: int) -> Tensor:
        """Compute ‖G‖² of each user's gradient of a layer's weight, [users].

        With few rows ‖Dᵀ X‖² is had for less from the products of rows, Σ (X Xᵀ) ∘ (D Dᵀ).
        """
        found = []
        for x, d in zip(self.inputs[layer], self.errors[layer], strict=True):
            (rows, width), outputs = x.shape[1:], d.shape[2]
            few = rows * (width + outputs) < width * outputs
            products = (x @ x.mT) * (d @ d.mT) if few else (d.mT @ x).square()
            found.append(products.sum((1, 2)))
        return torch.cat(found)

    def bias_gradient(self, layer: int) -> Tensor:
        """Compute each user's gradient of a layer's bias, [users, out]."""
        return self.batch.support.sum(self.support.errors[layer])


def make_step(support: SupportPass, batch: Batch) -> Step:
    """Cut a batch into blocks and pad what the support pass found."""
    blocks = make_blocks(batch)
    inputs, errors = (
        [blocks.pad(blocks.support, rows) for rows in layers]
        for layers in (support.inputs, support.errors)
    )
    return Step(batch, blocks, support, inputs, errors)


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
    layers = range(len(step.inputs))
    biases = [step.bias_gradient(layer).square().sum(1) for layer in layers]
    total = torch.stack(biases).sum(0) + biases[0] * step.support.users.square().sum(1)
    return total + torch.stack([step.squares(layer) for layer in layers]).sum(0)


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
    users = step.bias_gradient(0) * (same_user @ for_user[0].T + bias)
    return step.change_by_weight(0, items, for_item) + step.batch.query.spread(users)


def _later_change(step: Step, layer: int, x: Tensor, rates: Rates) -> Tensor:
    """Compute a later layer's change; with few outputs through the gradient of its weight."""
    outputs = step.support.errors[layer].shape[1]
    if isinstance(rates, UserRates) and outputs > FEW_OUTPUTS:
        return step.change_by_user(layer, x, torch.ones_like(rates.rate), rates.rate)
    weight, bias = rates.layer(layer)
    users = bias * step.bias_gradient(layer)
    return step.change_by_weight(layer, x, weight) + step.batch.query.spread(users)
