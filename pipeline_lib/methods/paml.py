"""PAML and its variants without a memory: each user has an inner learning rate of their own."""

import torch
from torch import Tensor, nn

from pipeline_lib.episodes.batch import Batch
from pipeline_lib.meta.adapt import Adapted
from pipeline_lib.meta.rates import LearningRateNetwork, Rates, UserRates
from pipeline_lib.methods.base import Problem
from pipeline_lib.methods.inner_loop import AdaptiveLearner
from pipeline_lib.settings.methods.paml import (
    RegPAMLSettings,
    SharedPAMLSettings,
    Shrinkable,
    UserRateSettings,
)


class PAML(AdaptiveLearner):
    """A network computes the learning rate from the user's embedding (Yu et al. 2021).

    With `shrinkage`, which is not the paper's, users with few support rows have less of it.
    """

    def __init__(self, settings: UserRateSettings, problem: Problem) -> None:
        super().__init__(settings, problem)
        self.learning_rate = LearningRateNetwork(
            self.network.user_width, settings.lr_hidden, settings.lr_max
        )
        self.shrink = shrinkage_of(settings)

    def rates(self, users: Tensor, batch: Batch) -> UserRates:
        """Compute each user's learning rate."""
        return UserRates(self.shrink(self.learning_rate(users), batch))


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
        self.shrink = shrinkage_of(settings)

    def rates(self, users: Tensor, batch: Batch) -> UserRates:
        """Return the learned rate, lr_max · sigmoid(logit), for every user."""
        rate = (self.lr_max * torch.sigmoid(self.logit)).expand(len(users))
        return UserRates(self.shrink(rate, batch))


class Shrinkage(nn.Module):
    """Multiply rates by n / (n + λ), n a user's support rows and λ > 0 learned.

    As the best estimate of a mean shrinks by λ, the variance of rows over that of users' means.
    """

    def __init__(self, first: float) -> None:
        super().__init__()
        self.log = nn.Parameter(torch.tensor(first).log())

    def forward(self, rate: Tensor, batch: Batch) -> Tensor:
        """Compute the users' rates, [users]."""
        rows = batch.support.counts.to(rate.dtype)
        return rate * rows / (rows + self.log.exp())


class Whole(nn.Module):
    """Leave rates as they are, however many rows a user has."""

    def forward(self, rate: Tensor, _batch: Batch) -> Tensor:
        """Return the users' rates, [users]."""
        return rate


def shrinkage_of(settings: Shrinkable) -> nn.Module:
    """Return what rates go through before a step."""
    return Whole() if settings.shrinkage is None else Shrinkage(settings.shrinkage)


METHODS = {"paml": PAML, "reg-paml": RegPAML, "shared-paml": SharedPAML}
