"""PAML and its variants without a memory: each user has an inner learning rate of their own."""

import torch
from torch import Tensor, nn

from pipeline_lib.episodes.batch import Batch
from pipeline_lib.meta.adapt import Adapted
from pipeline_lib.meta.rates import LearningRateNetwork, Rates, UserRates
from pipeline_lib.methods.base import Problem
from pipeline_lib.methods.inner_loop import AdaptiveLearner
from pipeline_lib.settings.methods.paml import RegPAMLSettings, SharedPAMLSettings, UserRateSettings


class PAML(AdaptiveLearner):
    """A network computes the learning rate from the user's embedding (Yu et al. 2021)."""

    def __init__(self, settings: UserRateSettings, problem: Problem) -> None:
        super().__init__(settings, problem)
        self.learning_rate = LearningRateNetwork(
            self.network.user_width, settings.lr_hidden, settings.lr_max
        )

    def rates(self, users: Tensor) -> UserRates:
        """Compute each user's learning rate."""
        return UserRates(self.learning_rate(users))


class RegPAML(PAML):
    """Add γ ‖∇θ L_i‖² |α(h_i)| to each user's loss (Yu et al. 2021, REG-PAML).

    The gradient is that of the support loss at θ, for the parameters that adapt. No user's data is
    stored.
    """

    def __init__(self, settings: RegPAMLSettings, problem: Problem) -> None:
        super().__init__(settings, problem)
        self.gamma = settings.gamma

    def objective(self, batch: Batch, adapted: Adapted, rates: Rates) -> Tensor:
        """Compute each user's query loss plus γ times the regulariser, [users]."""
        if not isinstance(rates, UserRates):
            raise TypeError(f"REG-PAML has a rate for each user, not {type(rates).__name__}")
        regulariser = adapted.squared_gradients() * rates.rate.abs()
        return super().objective(batch, adapted, rates) + self.gamma * regulariser


class SharedPAML(AdaptiveLearner):
    """One learned rate for all users, within PAML's bounds: an ablation of the personal rates."""

    def __init__(self, settings: SharedPAMLSettings, problem: Problem) -> None:
        super().__init__(settings, problem)
        self.lr_max = settings.lr_max
        self.logit = nn.Parameter(torch.zeros(()))

    def rates(self, users: Tensor) -> UserRates:
        """Return the learned rate, lr_max · sigmoid(logit), for every user."""
        return UserRates((self.lr_max * torch.sigmoid(self.logit)).expand(len(users)))


METHODS = {"paml": PAML, "reg-paml": RegPAML, "shared-paml": SharedPAML}
