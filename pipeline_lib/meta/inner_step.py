"""One gradient step per user on the decision layers, for a whole batch at once.

A layer z = x W + b whose user i takes the step W − α_i Xᵀ D, b − α_i 1ᵀ D on support inputs X
and errors D = ∂L_i/∂z gives on a query input x_q

    x_q W + b − α_i (x_q Xᵀ + 1) D,

so no user's weights are ever built. D is written out by hand, which leaves a plain graph: one
backward pass through it is the exact second-order outer gradient.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import relu

from pipeline_lib.batch import Batch, PackedRows
from pipeline_lib.meta.blocks import gram_product, make_blocks
from pipeline_lib.models.preference import Embedded, PreferenceNetwork
from pipeline_lib.settings.methods.base import Order


@dataclass(frozen=True)
class SupportPass:
    """The support rows' way through the layers.

    inputs, errors: for each layer its inputs [rows, in] (of the first, the item's part) and
    ∂L_i/∂z [rows, out]. users: the first layer's other part, [users, user_width].
    """

    users: Tensor
    inputs: list[Tensor]
    errors: list[Tensor]

    def detach(self) -> "SupportPass":
        """Cut the step from the graph, as first-order meta-learning does."""
        return SupportPass(
            self.users.detach(),
            [x.detach() for x in self.inputs],
            [error.detach() for error in self.errors],
        )


def adapted_scores(
    network: PreferenceNetwork,
    embedded: Embedded,
    batch: Batch,
    inner_lr: Tensor,
    order: Order,
) -> Tensor:
    """Score the query rows after each user's step on their mean squared error.

    inner_lr: [users]. Returns [query rows].
    """
    support = support_pass(network, embedded, batch.support)
    return query_pass(
        network, embedded, batch, support if order == "second" else support.detach(), inner_lr
    )


def support_pass(network: PreferenceNetwork, embedded: Embedded, rows: PackedRows) -> SupportPass:
    """Send the support rows through the layers and their errors back."""
    inputs = [embedded.items[rows.item]]
    z = network.first_layer(embedded, rows)
    for layer in network.later_layers:
        inputs.append(relu(z))
        z = layer(inputs[-1])
    errors = [2 * (z - rows.target[:, None]) / rows.counts[rows.user, None]]
    for layer, x in zip(reversed(network.later_layers), reversed(inputs[1:]), strict=True):
        errors.append(errors[-1] @ layer.weight * (x > 0))
    return SupportPass(embedded.users, inputs, errors[::-1])


def query_pass(
    network: PreferenceNetwork,
    embedded: Embedded,
    batch: Batch,
    support: SupportPass,
    inner_lr: Tensor,
) -> Tensor:
    """Send the query rows through the layers as each user's step left them."""
    *hidden, last = network.later_layers
    rows, blocks = batch.query, make_blocks(batch)
    steps = [inner_lr[batch.support.user, None] * error for error in support.errors]
    same_user = (embedded.users * support.users).sum(1) + 1
    z = network.first_layer(embedded, rows) - gram_product(
        embedded.items[rows.item], support.inputs[0], steps[0], same_user, blocks
    )
    ones = torch.ones_like(same_user)
    for layer, x_s, step in zip(hidden, support.inputs[1:-1], steps[1:-1], strict=True):
        x = relu(z)
        z = layer(x) - gram_product(x, x_s, step, ones, blocks)
    return _adapted_output(last, relu(z), support.inputs[-1], steps[-1], batch)


def _adapted_output(
    layer: torch.nn.Linear, x: Tensor, x_s: Tensor, step: Tensor, batch: Batch
) -> Tensor:
    """Compute the output layer: with one output a user's step is but a vector."""
    users, user = len(batch), batch.support.user
    weight = x.new_zeros(users, x.shape[1]).index_add(0, user, x_s * step)
    bias = x.new_zeros(users).index_add(0, user, step[:, 0])
    own = batch.query.user
    score: Tensor = layer(x)[:, 0]
    return score - (x * weight[own]).sum(1) - bias[own]
