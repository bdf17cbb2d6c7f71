"""MAMO as its paper writes it: user by user, by autograd; users write memories in turn."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from pipeline_lib.episodes.format import Rows
from tests.meta.per_user_reference import Parameters, PerUserReference, own

LAYERS = (6, 4)  # of the users' and of the items' embeddings
SLOTS = 3
TAU, ALPHA, BETA, GAMMA = 0.3, 0.5, 0.2, 0.1
SETTINGS = {
    "embedding_layers": LAYERS,
    "memories": SLOTS,
    "bias_rate": TAU,
    "profile_share": ALPHA,
    "gradient_share": BETA,
    "preference_share": GAMMA,
}
PREFERENCE = "preference"  # the name of M_{u,I} among a user's weights


@dataclass(frozen=True)
class MAMOReference(PerUserReference):
    """memory: the profiles, gradients and preferences that users read, [slots, ...] each."""

    memory: Mapping[str, Tensor]

    def adapting(self, theta: Parameters) -> list[str]:
        """Name all layers and the preference; no embedding of a feature adapts."""
        tables = ("network.user_values.weight", "network.item_values.weight")
        return [name for name in theta if name not in tables]

    def attend(self, user: int) -> list[Tensor]:
        """Compute the softmax over memories of cos(p_u, M_P[k])."""
        profile = self._user(self.parameters, user).detach()
        shares = []
        for slot in self.memory["profiles"]:
            lengths = profile.square().sum().sqrt() * slot.square().sum().sqrt()
            cosine = (profile * slot).sum() / lengths if lengths > 0 else torch.zeros(()).to(slot)
            shares.append(cosine.exp())
        return [share / sum(shares) for share in shares]

    def start(self, user: int) -> Parameters:
        """Read one user's weights before the first step."""
        attention, theta, first = self.attend(user), dict(self.parameters), 0
        read = {
            name: sum(a * slot for a, slot in zip(attention, slots, strict=True))
            for name, slots in self.memory.items()
        }
        for name in [n for n in theta if n.startswith("network.users.")]:
            bias = read["gradients"][first : first + theta[name].numel()]
            first += len(bias)
            theta[name] = theta[name] - TAU * bias.view_as(theta[name])
        return theta | {PREFERENCE: read["preferences"].clone().requires_grad_()}

    def adapt(self, user: int) -> Parameters:
        """Take one user's steps."""
        theta = self.start(user)
        for _ in range(self.setup.steps):
            found = self._gradient(theta, user, graph=self.setup.order == "second")
            theta = {
                n: p - self.setup.rate * found[n] if n in found else p for n, p in theta.items()
            }
        return theta

    def written(self) -> dict[str, Tensor]:
        """Let every user write, in the fold's order; return the memories."""
        memory = {name: slots.clone() for name, slots in self.memory.items()}
        shares = {"profiles": ALPHA, "gradients": BETA, "preferences": GAMMA}
        for user in range(len(self.world.episodes)):
            found = self._gradient(self.start(user), user, graph=False)
            of_users = [g.flatten() for n, g in found.items() if n.startswith("network.users.")]
            values = {
                "profiles": self._user(self.parameters, user),
                "gradients": torch.cat(of_users),
                "preferences": self.adapt(user)[PREFERENCE],
            }
            for k, share in enumerate(self.attend(user)):
                for name, value in values.items():
                    kept = (1 - shares[name]) * memory[name][k]
                    memory[name][k] = (shares[name] * share * value + kept).detach()
        return memory

    def _outputs(self, theta: Parameters, user: int, rows: Rows) -> Tensor:
        e_u, outputs = _relu_layers(theta, "users", self._user(theta, user)), []
        for item in own(rows, user)[0].tolist():
            e_i = _relu_layers(theta, "items", self._item(theta, item))
            z = theta[PREFERENCE] @ torch.cat((e_u, e_i))
            for number in range(1 + len(self.setup.hidden)):
                layer = f"network.decision.{number}"
                x = z.clamp(min=0) if number else z
                z = theta[f"{layer}.weight"] @ x + theta[f"{layer}.bias"]
            outputs.append(z)
        return torch.stack(outputs)


def _relu_layers(theta: Parameters, side: str, x: Tensor) -> Tensor:
    for number in range(len(LAYERS)):
        layer = f"network.{side}.{number}"
        x = (theta[f"{layer}.weight"] @ x + theta[f"{layer}.bias"]).clamp(min=0)
    return x
