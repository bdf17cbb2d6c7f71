"""MAMO's memories: K slots each, which users read by attention and write in turn."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity

# As the authors' code draws the memory of gradients; the others are standard normal there.
GRADIENT_STD = 0.05


@dataclass(frozen=True)
class Shares:
    """What one user's writing replaces of each memory: the paper's α, β and γ."""

    profiles: float
    gradients: float
    preferences: float


class SharedMemory(nn.Module):
    """Profiles M_P, gradients of the user's layers M_U, and preferences M_{U,I}, K of each.

    All are part of the state dict; none is trained by gradient (Dong et al. 2020).
    """

    profiles: Tensor
    gradients: Tensor
    preferences: Tensor

    def __init__(self, slots: int, width: int, weights: int, preference: tuple[int, int]) -> None:
        super().__init__()
        self.register_buffer("profiles", torch.randn(slots, width))
        self.register_buffer("gradients", GRADIENT_STD * torch.randn(slots, weights))
        scale = preference[1] ** -0.5
        self.register_buffer("preferences", scale * torch.randn(slots, *preference))

    def attend(self, profiles: Tensor) -> Tensor:
        """Compute a_u = softmax_k(cos(p_u, M_P[k])), [users, slots], of profiles [users, width]."""
        return cosine_similarity(profiles[:, None], self.profiles, dim=2).softmax(1)

    def bias(self, attention: Tensor) -> Tensor:
        """Read b_u = a_uᵀ M_U, [users, weights]."""
        return attention @ self.gradients

    def preference(self, attention: Tensor) -> Tensor:
        """Read M_{u,I} = a_uᵀ M_{U,I}, [users, out, in]."""
        return torch.einsum("uk,koi->uoi", attention, self.preferences)

    @torch.no_grad()
    def write(
        self,
        attention: Tensor,
        profiles: Tensor,
        gradients: Tensor,
        preferences: Tensor,
        shares: Shares,
    ) -> None:
        """Write users one after another, with the attention that each one read by.

        M_P ← α a_u p_uᵀ + (1 − α) M_P, M_U ← β a_u ∇_{θ_u} L_uᵀ + (1 − β) M_U and
        M_{U,I} ← γ a_u ⊗ M_{u,I} + (1 − γ) M_{U,I} (Dong et al. 2020).
        """
        self.profiles.copy_(_written(self.profiles, attention, profiles, shares.profiles))
        self.gradients.copy_(_written(self.gradients, attention, gradients, shares.gradients))
        own = _written(self.preferences, attention, preferences, shares.preferences)
        self.preferences.copy_(own)


def _written(memory: Tensor, attention: Tensor, values: Tensor, share: float) -> Tensor:
    """Return a memory [slots, ...] after all users wrote their values [users, ...] in order.

    What a user wrote is left (1 − share) times by each user after.
    """
    users = len(attention)
    later = torch.arange(users - 1, -1, -1, device=memory.device, dtype=memory.dtype)
    left = torch.full_like(later, 1 - share) ** later
    written = (share * attention * left[:, None]).mT @ values.flatten(1)
    return (1 - share) ** users * memory + written.view_as(memory)
