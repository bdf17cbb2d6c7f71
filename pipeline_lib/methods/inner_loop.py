"""The base of all methods whose users adapt a network by gradient steps on support rows."""

from abc import abstractmethod

from torch import Tensor

from pipeline_lib.episodes.batch import Batch
from pipeline_lib.meta.adapt import Adapted, adapt
from pipeline_lib.meta.rates import Rates, UserRates
from pipeline_lib.methods.base import INNER_LR, Prediction, Problem
from pipeline_lib.methods.embedded import EmbeddedLearner
from pipeline_lib.models.preference import Embedded, PreferenceNetwork
from pipeline_lib.settings.methods.base import InnerLoop


class AdaptiveLearner(EmbeddedLearner):
    """A learner whose users take gradient steps on their support rows.

    A user's loss is the mean loss of the query rows after these steps (Finn et al. 2017; Lee et
    al. 2019; Yu et al. 2021). A subclass chooses the learning rates of the steps.
    """

    network: PreferenceNetwork

    def __init__(self, loop: InnerLoop, problem: Problem) -> None:
        super().__init__(problem)
        self.loop = loop
        sizes, network = problem.sizes, problem.required_network
        self.network = PreferenceNetwork(sizes, network, self.head.outputs)

    @property
    def static(self) -> bool:
        """Return whether the layers alone adapt: which embeddings do differs from user to user."""
        return self.loop.adapt == "decision"

    @abstractmethod
    def rates(self, users: Tensor, batch: Batch) -> Rates:
        """Return inner learning rates; users: their embeddings, [users, user_width]."""

    def training_rates(self, users: Tensor, batch: Batch) -> Rates:
        """Return inner learning rates of training users; by default as for new ones."""
        return self.rates(users, batch)

    def objective(self, batch: Batch, adapted: Adapted, _rates: Rates) -> Tensor:
        """Compute each user's mean query loss after the steps, [users]."""
        return batch.query.mean(self.head.loss(adapted.outputs, batch.query.target))

    def predict(self, batch: Batch) -> Prediction:
        """Adapt to the support rows and score the query rows."""
        embedded = self.network.embed(batch)
        rates = self.rates(embedded.users, batch)
        score = self.head.score(self._adapt(batch, embedded, rates).outputs)
        return Prediction(score, {INNER_LR: rates.rate} if isinstance(rates, UserRates) else {})

    def losses(self, batch: Batch) -> Tensor:
        """Compute each user's objective after the steps, [users]."""
        embedded = self.network.embed(batch)
        rates = self.training_rates(embedded.users, batch)
        return self.objective(batch, self._adapt(batch, embedded, rates), rates)

    def _adapt(self, batch: Batch, embedded: Embedded, rates: Rates) -> Adapted:
        return adapt(self.network, self.head, embedded, batch, rates, self.loop)
