"""PAML: meta-learned initial weights, an inner learning rate for each user."""

from torch import Tensor

from pipeline_lib.meta.rates import UserRates
from pipeline_lib.methods.adaptive import AdaptiveLearner
from pipeline_lib.methods.base import Problem
from pipeline_lib.models.learning_rate import LearningRateNetwork
from pipeline_lib.settings.methods.paml import UserRateSettings


class PAML(AdaptiveLearner):
    """Let a network choose the step size from the user's embedding (Yu et al. 2021)."""

    def __init__(self, settings: UserRateSettings, problem: Problem) -> None:
        super().__init__(settings, problem)
        self.learning_rate = LearningRateNetwork(
            self.network.user_width, settings.lr_hidden, settings.lr_max
        )

    def rates(self, users: Tensor) -> UserRates:
        """Compute each user's learning rate."""
        return UserRates(self.learning_rate(users))


build = PAML
