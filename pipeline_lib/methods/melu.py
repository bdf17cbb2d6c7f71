"""MeLU: meta-learned initial weights, one fixed inner learning rate."""

from torch import Tensor

from pipeline_lib.methods.adaptive import AdaptiveLearner
from pipeline_lib.methods.base import Problem
from pipeline_lib.settings.methods.melu import MeLUSettings


class MeLU(AdaptiveLearner):
    """Take the same step size for every user (Lee et al. 2019)."""

    def __init__(self, settings: MeLUSettings, problem: Problem) -> None:
        super().__init__(problem, settings.order)
        self.settings = settings

    def inner_lr(self, users: Tensor) -> Tensor:
        """Return the fixed learning rate, [users]."""
        return users.new_full((len(users),), self.settings.inner_lr)


build = MeLU
