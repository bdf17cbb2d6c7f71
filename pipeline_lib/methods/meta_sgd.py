"""Meta-SGD: meta-learned initial weights and an inner learning rate for each of them."""

from torch import Tensor

from pipeline_lib.meta.rates import WeightRates
from pipeline_lib.methods.adaptive import AdaptiveLearner
from pipeline_lib.methods.base import Problem
from pipeline_lib.settings.methods.meta_sgd import MetaSGDSettings


class MetaSGD(AdaptiveLearner):
    """Learn one step size for each weight, whatever the user (Li et al. 2017).

    A learned rate may become negative, as there.
    """

    def __init__(self, settings: MetaSGDSettings, problem: Problem) -> None:
        super().__init__(settings, problem)
        embeddings = settings.adapt == "all"
        self.weight_rates = WeightRates(self.network, settings.inner_lr, embeddings)

    def rates(self, _users: Tensor) -> WeightRates:
        """Return the learned rates, the same for every user."""
        return self.weight_rates


build = MetaSGD
