"""Mixed effects found by gradient steps, of a size for each user."""

from torch import Tensor, nn

from pipeline_lib.batch import Batch
from pipeline_lib.methods.base import Problem
from pipeline_lib.methods.effects_melu import GradientEffects
from pipeline_lib.models.learning_rate import LearningRateNetwork
from pipeline_lib.settings.methods.effects_paml import EffectsPAMLSettings


class EffectsPAML(GradientEffects):
    """Let a network choose the step size from the user's embedding (Yu et al. 2021)."""

    def __init__(self, settings: EffectsPAMLSettings, problem: Problem) -> None:
        super().__init__(settings, problem)
        size = settings.embedding_size
        self.embedding = nn.Embedding(problem.sizes.user_values + 1, size, padding_idx=0)
        width = problem.sizes.user_features * size
        self.learning_rate = LearningRateNetwork(width, settings.lr_hidden, settings.lr_max)

    def rates(self, batch: Batch) -> Tensor:
        """Compute each user's learning rate."""
        users = self.embedding(batch.codes) * batch.values[..., None]
        rates: Tensor = self.learning_rate(users.flatten(1))
        return rates


build = EffectsPAML
