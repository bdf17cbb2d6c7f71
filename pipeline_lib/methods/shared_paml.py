"""PAML without what it is about: one learned inner learning rate for all users."""

import torch
from torch import Tensor, nn

from pipeline_lib.meta.rates import UserRates
from pipeline_lib.methods.adaptive import AdaptiveLearner
from pipeline_lib.methods.base import Problem
from pipeline_lib.settings.methods.shared_paml import SharedPAMLSettings


class SharedPAML(AdaptiveLearner):
    """Learn one step size within PAML's bounds, to tell what personal ones bring."""

    def __init__(self, settings: SharedPAMLSettings, problem: Problem) -> None:
        super().__init__(settings, problem)
        self.lr_max = settings.lr_max
        self.logit = nn.Parameter(torch.zeros(()))

    def rates(self, users: Tensor) -> UserRates:
        """Give every user the learned rate, lr_max · sigmoid(logit)."""
        return UserRates((self.lr_max * torch.sigmoid(self.logit)).expand(len(users)))


build = SharedPAML
