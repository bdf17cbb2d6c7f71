"""The optimiser: AdamW by torch's own function.

torch's optimiser classes load its compiler, which takes longer than a small training.
"""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn
from torch.optim.adamw import adamw

BETA1, BETA2, EPS = 0.9, 0.999, 1e-8
STEP, MEAN, SQUARE = "step", "exp_avg", "exp_avg_sq"


class AdamW:
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019), as torch.optim.AdamW.

    rate: the learning rate of the next step, a tensor where steps are recorded. clip_norm: the most
    that the norm of all gradients together may be.
    """

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        rate: float,
        weight_decay: float,
        clip_norm: float | None = None,
    ) -> None:
        self.parameters = [*parameters]
        self.rate: float | Tensor = rate
        self.weight_decay = weight_decay
        self.clip_norm = clip_norm
        self._state = {
            STEP: [torch.zeros((), device=p.device) for p in self.parameters],
            MEAN: [torch.zeros_like(p) for p in self.parameters],
            SQUARE: [torch.zeros_like(p) for p in self.parameters],
        }

    def zero_grad(self) -> None:
        """Drop the gradients."""
        for parameter in self.parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Move each parameter that has a gradient."""
        if self.clip_norm is not None:
            nn.utils.clip_grad_norm_(self.parameters, self.clip_norm)
        moved = [i for i, own in enumerate(self.parameters) if own.grad is not None]
        state = {name: [tensors[i] for i in moved] for name, tensors in self._state.items()}
        adamw(
            [self.parameters[i] for i in moved],
            [gradient for i in moved if (gradient := self.parameters[i].grad) is not None],
            state[MEAN],
            state[SQUARE],
            [],
            state[STEP],
            fused=True,
            amsgrad=False,
            beta1=BETA1,
            beta2=BETA2,
            lr=self.rate,
            weight_decay=self.weight_decay,
            eps=EPS,
            maximize=False,
        )

    def state(self) -> dict[str, Tensor]:
        """Return the moments and the number of steps of each parameter, named by its place."""
        return {
            f"{place}/{name}": tensor
            for name, tensors in self._state.items()
            for place, tensor in enumerate(tensors)
        }

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Take the moments and the numbers of steps from what `state` returned."""
        for name, tensor in self.state().items():
            tensor.copy_(state[name])
