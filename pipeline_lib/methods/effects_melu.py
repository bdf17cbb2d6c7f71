"""Mixed effects found by gradient steps of one fixed size."""

import torch
from torch import Tensor

from pipeline_lib.batch import Batch
from pipeline_lib.methods.base import Problem
from pipeline_lib.methods.effects import EffectsLearner
from pipeline_lib.settings.methods.effects_melu import EffectsMeLUSettings, GradientEffectsSettings


class GradientEffects(EffectsLearner):
    """Take gradient steps on the support rows' mean weighted squared error, from no effect.

    A step moves a user's weights by Σ_r V x(r) a(r), where a(r) = 2 α w(r) e(r) / rows and e(r) is
    still to be explained; the variances V are the features' rates, and α is the user's.
    """

    def __init__(self, settings: GradientEffectsSettings, problem: Problem) -> None:
        super().__init__(settings, problem)
        self.inner_steps = settings.inner_steps

    def coefficients(
        self, kernel: Tensor, residual: Tensor, weight: Tensor, rate: Tensor | None
    ) -> Tensor:
        """Add up the steps."""
        if rate is None:
            raise ValueError("gradient steps need a rate")
        rows = (weight > 0).sum(1).clamp(min=1)
        size = 2 * rate[:, None] * weight / rows[:, None]
        found = torch.zeros_like(residual)
        for _ in range(self.inner_steps):
            left = residual - (kernel @ found[..., None])[..., 0]
            found = found + size * left
        return found


class EffectsMeLU(GradientEffects):
    """Take steps of the same size for every user (Lee et al. 2019)."""

    def __init__(self, settings: EffectsMeLUSettings, problem: Problem) -> None:
        super().__init__(settings, problem)
        self.inner_lr = settings.inner_lr

    def rates(self, batch: Batch) -> Tensor:
        """Give every user the fixed learning rate."""
        return batch.values.new_full((len(batch),), self.inner_lr)


build = EffectsMeLU
