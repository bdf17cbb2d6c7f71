"""The support rows' way through the decision layers and back, for a whole batch at once.

A layer z = x Wᵀ + b has on user i's support rows inputs X and errors D = ∂L_i/∂z, and the gradients
Dᵀ X and 1ᵀ D. D is written out by hand, which leaves a plain graph: one backward pass through
whatever is made of it gives exact second derivatives.
"""

from dataclasses import dataclass

from torch import Tensor
from torch.nn import Linear
from torch.nn.functional import relu

from pipeline_lib.batch import PackedRows
from pipeline_lib.models.head import Head
from pipeline_lib.models.preference import Embedded, PreferenceNetwork


@dataclass(frozen=True)
class SupportPass:
    """Inputs and errors of every layer on the support rows.

    inputs: [rows, in]; of the first layer only the item's part, the user's being `users`, [users,
    user_width]. errors: ∂L_i/∂z, [rows, out].
    """

    users: Tensor
    inputs: list[Tensor]
    errors: list[Tensor]

    def detach(self) -> "SupportPass":
        """Cut the pass from the graph, as first-order meta-learning does."""
        return SupportPass(
            self.users.detach(),
            [x.detach() for x in self.inputs],
            [error.detach() for error in self.errors],
        )


def support_pass(
    network: PreferenceNetwork, head: Head, embedded: Embedded, rows: PackedRows
) -> SupportPass:
    """Send the support rows through the layers and the errors of their mean loss back."""
    inputs = [embedded.items.index_select(0, rows.item)]
    z = network.first_layer(embedded, rows)
    for layer in network.later_layers:
        inputs.append(relu(z))
        z = layer(inputs[-1])
    error = head.error(z, rows.target) / rows.spread(rows.counts)[:, None]
    return SupportPass(embedded.users, inputs, _errors(network.later_layers, inputs[1:], error))


def _errors(layers: list[Linear], inputs: list[Tensor], error: Tensor) -> list[Tensor]:
    """Send the errors of the last layer's outputs back, [rows, out] of every layer."""
    errors = [error]
    if error.shape[1] == 1 and len(layers) > 1:
        # With one output a row's errors all have one factor, and what is left of the last layer's
        # is constant but for its weights: its gradient saves one of the large products.
        (*layers, hidden, last), (*inputs, x, x_last) = layers, inputs
        lit = (x_last > 0).to(error.dtype)
        through = lit @ (last.weight.T * hidden.weight)
        errors = [error * (x > 0) * through, error * lit * last.weight, error]
    for layer, x in zip(reversed(layers), reversed(inputs), strict=True):
        errors.insert(0, errors[0] @ layer.weight * (x > 0))
    return errors
