"""MAMO's network, of which each user of a batch has weights of their own."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor, nn
from torch.nn.functional import relu

from pipeline_lib.episodes.batch import Batch, BatchRows
from pipeline_lib.meta.blocks import Blocks, Side
from pipeline_lib.models.preference import Embedded, Embeddings, InputSizes
from pipeline_lib.settings.network import Network


class OwnNetwork(Embeddings):
    """Layers θ_u and θ_i that embed users and items, and decision layers θ_r behind a memory.

    A row's output is f_{θ_r}(M_{u,I} [e_u; e_i]) with e_u = f_{θ_u}(p_u), e_i = f_{θ_i}(p_i), and p
    the embeddings of the features (Dong et al. 2020).
    """

    def __init__(
        self, sizes: InputSizes, network: Network, layers: Sequence[int], outputs: int
    ) -> None:
        super().__init__(sizes, network)
        self.users = _layers(self.user_width, *layers)
        self.items = _layers(self.item_width, *layers)
        self.decision = _layers(layers[-1], *network.hidden, outputs)
        self.preference_shape = layers[-1], 2 * layers[-1]


@dataclass(frozen=True)
class OwnWeights:
    """Weights by user: of layers, weight [users, out, in] and bias [users, out] by turns.

    preference: M_{u,I}, [users, size, 2 size].
    """

    users: list[Tensor]
    items: list[Tensor]
    decision: list[Tensor]
    preference: Tensor

    def tensors(self) -> list[Tensor]:
        """List all tensors, those of the users' layers first."""
        return [*self.users, *self.items, *self.decision, self.preference]

    def like(self, tensors: Sequence[Tensor]) -> "OwnWeights":
        """Return other weights, in the order of `tensors`."""
        users, items = len(self.users), len(self.users) + len(self.items)
        *layers, preference = tensors
        return OwnWeights(layers[:users], layers[users:items], layers[items:], preference)


@dataclass(frozen=True)
class OwnModel:
    """A batch's outputs as a function of its users' own weights."""

    embedded: Embedded
    batch: Batch
    blocks: Blocks

    def support(self, own: OwnWeights) -> Tensor:
        """Compute the outputs of the support rows, [rows, outputs]."""
        return self._outputs(own, self.batch.support, self.blocks.support)

    def query(self, own: OwnWeights) -> Tensor:
        """Compute the outputs of the query rows, [rows, outputs]."""
        return self._outputs(own, self.batch.query, self.blocks.query)

    def _outputs(self, own: OwnWeights, rows: BatchRows, side: Side) -> Tensor:
        users = self.embedded.users
        for weight, bias in _pairs(own.users):
            users = relu((weight @ users[:, :, None])[:, :, 0] + bias)
        items = rows.take(self.embedded.items)
        for weight, bias in _pairs(own.items):
            items = relu(self.blocks.product(side, items, weight) + rows.spread(bias))
        for_user, for_item = own.preference.chunk(2, 2)
        from_user = (for_user @ users[:, :, None])[:, :, 0]
        z = rows.spread(from_user) + self.blocks.product(side, items, for_item)
        for number, (weight, bias) in enumerate(_pairs(own.decision)):
            x = relu(z) if number else z
            z = self.blocks.product(side, x, weight) + rows.spread(bias)
        return z


def copies(layers: nn.ModuleList, users: int) -> list[Tensor]:
    """Return each user's copy of layers: weight [users, out, in] and bias [users, out] by turns."""
    return [p.expand(users, *p.shape) for layer in layers for p in layer.parameters()]


def _layers(*widths: int) -> nn.ModuleList:
    return nn.ModuleList(nn.Linear(i, o) for i, o in pairwise(widths))


def _pairs(own: list[Tensor]) -> "zip[tuple[Tensor, Tensor]]":
    return zip(own[::2], own[1::2], strict=True)
