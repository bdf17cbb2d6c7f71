"""PAML: meta-learned initial weights, an inner learning rate for each user."""

from torch import Tensor

from pipeline_lib.methods.adaptive import AdaptiveLearner
from pipeline_lib.methods.base import Problem
from pipeline_lib.models.learning_rate import LearningRateNetwork
from pipeline_lib.settings.methods.paml import PAMLSettings


class PAML(AdaptiveLearner):
    """Let a network choose the step size from the user's embedding (Yu et al. 2021)."""

    def __init__(self, settings: PAMLSettings, problem: Problem) -> None:
        super().__init__(problem, settings.order)
        self.learning_rate = LearningRateNetwork(
            self.network.user_width, settings.lr_hidden, settings.lr_max
        )

    def inner_lr(self, users: Tensor) -> Tensor:
        """Compute each user's learning rate, [users]."""
        rates: Tensor = self.learning_rate(users)
        return rates


build = PAML
