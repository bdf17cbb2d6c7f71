"""What the fast inner step needs of a user's support rows: every layer's inputs and errors.

With one output, a row's error is a common factor of the errors of all layers. What is left depends
on the weights alone, and in the layer before the last on nothing but which units are lit. So errors
are kept in factors: multiplied out late, they cost less, and so does their gradient.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import Linear
from torch.nn.functional import relu

from pipeline_lib.episodes.batch import BatchRows
from pipeline_lib.models.head import Head
from pipeline_lib.models.preference import Embedded, PreferenceNetwork


@dataclass(frozen=True)
class Errors:
    """The errors ∂L_i/∂z of every layer, [rows, out], as error · rows · columns.

    error: [rows, 1]. rows: by layer, [rows, out]. columns: by layer, [out]; None where all are 1.
    """

    error: Tensor
    rows: list[Tensor]
    columns: list[Tensor | None]

    def detach(self) -> "Errors":
        """Detach all tensors from the graph."""
        columns = [own if own is None else own.detach() for own in self.columns]
        return Errors(self.error.detach(), [own.detach() for own in self.rows], columns)

    def product(self, layer: int) -> Tensor:
        """Multiply the factors of a layer, [rows, out]."""
        rows, column = self.rows[layer], self.columns[layer]
        return self.error * (rows if column is None else rows * column)


@dataclass(frozen=True)
class SupportPass:
    """Inputs and errors of every layer on the support rows.

    inputs: [rows, in]; for the first layer the item's part alone. users: the user's part of it,
    [users, user_width].
    """

    users: Tensor
    inputs: list[Tensor]
    errors: Errors

    def detach(self) -> "SupportPass":
        """Detach all tensors from the graph, for first-order meta-learning."""
        inputs = [x.detach() for x in self.inputs]
        return SupportPass(self.users.detach(), inputs, self.errors.detach())


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


def _errors(layers: list[Linear], inputs: list[Tensor], error: Tensor) -> Errors:
    """Propagate the last layer's errors back."""
    weights: list[Tensor] = [layer.weight for layer in layers]
    if error.shape[1] > 1:
        rows = _back(weights, inputs, error)
        return Errors(torch.ones_like(error[:, :1]), rows, [None] * len(rows))
    column = weights.pop()[0]
    if weights:
        weights[-1] = column[:, None] * weights[-1]
    rows = _back(weights, inputs[:-1], _lit(inputs[-1]))
    return Errors(error, [*rows, torch.ones_like(error)], [*[None] * len(weights), column, None])


def _back(weights: list[Tensor], inputs: list[Tensor], last: Tensor) -> list[Tensor]:
    """Propagate rows' errors in the last layer back to those before, [rows, out] each."""
    errors = [last]
    for weight, x in zip(reversed(weights), reversed(inputs), strict=True):
        errors.insert(0, _lit(x) * (errors[0] @ weight))
    return errors


def _lit(x: Tensor) -> Tensor:
    """Return 1 where a unit is lit and 0 elsewhere, as numbers: faster than booleans."""
    return x.detach().sign()
