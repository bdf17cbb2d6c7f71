"""MeLU: meta-learned initial weights, one fixed inner learning rate."""

from torch import Tensor

from pipeline_lib.meta.rates import UserRates
from pipeline_lib.methods.adaptive import AdaptiveLearner
from pipeline_lib.methods.base import Problem
from pipeline_lib.settings.methods.melu import MeLUSettings


class MeLU(AdaptiveLearner):
    """Take the same step size for every user (Lee et al. 2019)."""

    def __init__(self, settings: MeLUSettings, problem: Problem) -> None:
        super().__init__(settings, problem)
        self.inner_lr = settings.inner_lr

    def rates(self, users: Tensor) -> UserRates:
        """Give every user the fixed learning rate."""
        return UserRates(users.new_full((len(users),), self.inner_lr))


build = MeLU
