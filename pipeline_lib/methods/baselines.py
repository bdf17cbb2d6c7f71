"""The paper's baselines: MeLU, Meta-SGD and transfer learning."""

from torch import Tensor

from pipeline_lib.episodes.batch import Batch
from pipeline_lib.meta.rates import UserRates, WeightRates
from pipeline_lib.methods.base import Problem
from pipeline_lib.methods.inner_loop import AdaptiveLearner
from pipeline_lib.settings.methods.baselines import MeLUSettings, MetaSGDSettings


class MeLU(AdaptiveLearner):
    """One fixed learning rate for all users (Lee et al. 2019)."""

    def __init__(self, settings: MeLUSettings, problem: Problem) -> None:
        super().__init__(settings, problem)
        self.inner_lr = settings.inner_lr

    def rates(self, users: Tensor, _batch: Batch) -> UserRates:
        """Return the fixed learning rate for every user."""
        return UserRates(users.new_full((len(users),), self.inner_lr))


class MetaSGD(AdaptiveLearner):
    """One learned rate for each weight, the same for all users (Li et al. 2017).

    As in that paper, a learned rate may become negative.
    """

    def __init__(self, settings: MetaSGDSettings, problem: Problem) -> None:
        super().__init__(settings, problem)
        embeddings = settings.adapt == "all"
        self.weight_rates = WeightRates(self.network, settings.inner_lr, embeddings)

    def rates(self, _users: Tensor, _batch: Batch) -> WeightRates:
        """Return the learned rates, the same for every user."""
        return self.weight_rates


class Transfer(MeLU):
    """Train on all rows pooled; take steps at prediction only (Yu et al. 2021, "Baselines")."""

    def losses(self, batch: Batch) -> Tensor:
        """Compute each user's mean loss over all rows without a step, [users]."""
        embedded = self.network.embed(batch)
        sides = (batch.support, batch.query)
        sums = [r.sum(self.head.loss(self.network(embedded, r), r.target)) for r in sides]
        return (sums[0] + sums[1]) / (batch.support.counts + batch.query.counts)

    def weights(self, rows: Tensor) -> Tensor:
        """Return the numbers of the users' rows, so that all rows have one weight."""
        return rows


METHODS = {"melu": MeLU, "meta-sgd": MetaSGD, "transfer": Transfer}
