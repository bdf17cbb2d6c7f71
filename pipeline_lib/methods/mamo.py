"""MAMO: initial weights and preferences from memories of alike users."""

from collections.abc import Mapping

import torch
from torch import Tensor

from pipeline_lib.episodes.batch import Batch
from pipeline_lib.meta.blocks import make_blocks
from pipeline_lib.meta.own_network import OwnModel, OwnNetwork, OwnWeights, copies
from pipeline_lib.meta.shared_memory import SharedMemory, Shares
from pipeline_lib.methods.base import INNER_LR, Prediction, Problem
from pipeline_lib.methods.embedded import EmbeddedLearner
from pipeline_lib.settings.methods.mamo import MAMOSettings


class MAMO(EmbeddedLearner):
    """Read a user's initial weights by attention on memories of profiles (Dong et al. 2020).

    θ_u = φ_u − τ b_u, θ_i = φ_i and θ_r = φ_r, and a preference M_{u,I}; all take steps against the
    gradient of the mean support loss, and the query loss after them trains φ. The memories are
    written after each step of the optimiser, by its users in the order of the fold; reading them
    is not differentiated.
    """

    network: OwnNetwork

    def __init__(self, settings: MAMOSettings, problem: Problem) -> None:
        super().__init__(problem)
        self.settings = settings
        sizes, network = problem.sizes, problem.required_network
        layers = settings.embedding_layers
        self.network = OwnNetwork(sizes, network, layers, self.head.outputs)
        weights = sum(p.numel() for p in self.network.users.parameters())
        width, shape = self.network.user_width, self.network.preference_shape
        self.memory = SharedMemory(settings.memories, width, weights, shape)
        self.last: dict[str, Tensor] | None = None

    def losses(self, batch: Batch) -> Tensor:
        """Compute each user's mean query loss after the steps, [users]."""
        outputs, self.last = self._adapt(batch)
        return batch.query.mean(self.head.loss(outputs, batch.query.target))

    def predict(self, batch: Batch) -> Prediction:
        """Adapt to the support rows and score the query rows; write nothing.

        The diagnostic `attention` is what the memory that a user attends to most counts for.
        """
        outputs, seen = self._adapt(batch)
        rate = batch.values.new_full((len(batch),), self.settings.inner_lr)
        attention = seen["attention"].amax(1)
        return Prediction(self.head.score(outputs), {INNER_LR: rate, "attention": attention})

    def trace(self) -> dict[str, Tensor]:
        """Return what users write, user by user; raise RuntimeError unless `losses` was called."""
        if self.last is None:
            raise RuntimeError("trace follows losses")
        last, self.last = self.last, None
        return last

    def after_step(self, trace: Mapping[str, Tensor]) -> None:
        """Let the users of the step write what they have into the memories."""
        order = trace["users"].argsort()
        own = {name: rows[order] for name, rows in trace.items() if name != "users"}
        settings = self.settings
        shares = Shares(settings.profile_share, settings.gradient_share, settings.preference_share)
        self.memory.write(**own, shares=shares)

    def end_epoch(self) -> dict[str, float]:
        """Return the memories' root mean squares."""
        sizes = {name: own.square().mean().sqrt() for name, own in self.memory.named_buffers()}
        return {f"memory_{name}": float(size) for name, size in sizes.items()}

    def _adapt(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Take each user's steps; return the query rows' outputs, and what users may write."""
        settings = self.settings
        embedded = self.network.embed(batch)
        profiles = embedded.users.detach()
        attention = self.memory.attend(profiles)
        model = OwnModel(embedded, batch, make_blocks(batch))
        second = settings.order == "second" and torch.is_grad_enabled()
        gradients: list[list[Tensor]] = []
        with torch.enable_grad():
            own = self._start(attention)
            for _ in range(settings.inner_steps):
                loss = self.head.loss(model.support(own), batch.support.target)
                total = batch.support.mean(loss).sum()
                found = torch.autograd.grad(total, own.tensors(), create_graph=second)
                gradients.append(list(found))
                moved = zip(own.tensors(), found, strict=True)
                own = own.like([p - settings.inner_lr * g for p, g in moved])
        of_users = [g.detach().flatten(1) for g in gradients[0][: len(own.users)]]
        return model.query(own), {
            "users": batch.users,
            "attention": attention,
            "profiles": profiles,
            "gradients": torch.cat(of_users, 1),
            "preferences": own.preference.detach(),
        }

    def _start(self, attention: Tensor) -> OwnWeights:
        """Return each user's weights before the first step."""
        users = len(attention)
        own = copies(self.network.users, users)
        bias = self.memory.bias(attention).split([p[0].numel() for p in own], 1)
        moved = zip(own, bias, strict=True)
        return OwnWeights(
            [p - self.settings.bias_rate * b.view_as(p) for p, b in moved],
            copies(self.network.items, users),
            copies(self.network.decision, users),
            self.memory.preference(attention).requires_grad_(),
        )


METHODS = {"mamo": MAMO}
