"""What MeLU, PAML and transfer learning share: a network that takes one step per user."""

from abc import abstractmethod

from torch import Tensor

from pipeline_lib.batch import Batch
from pipeline_lib.meta.inner_step import adapted_scores
from pipeline_lib.methods.base import Learner, Prediction, Problem
from pipeline_lib.metrics.rating import user_mse
from pipeline_lib.models.preference import PreferenceNetwork
from pipeline_lib.settings.methods.base import Order


class AdaptiveLearner(Learner):
    """A learner whose decision layers take one step on each user's support rows.

    Its loss is the mean over users of the query rows' mean squared error after the step
    (Finn et al. 2017; Lee et al. 2019; Yu et al. 2021).
    """

    def __init__(self, problem: Problem, order: Order) -> None:
        super().__init__()
        net = problem.network
        if net is None:
            raise ValueError(f"{type(self).__name__} needs the settings of a network")
        self.order = order
        self.network = PreferenceNetwork(
            problem.sizes, net.embedding_size, net.embedding_std, net.hidden
        )

    @abstractmethod
    def inner_lr(self, users: Tensor) -> Tensor:
        """Choose inner learning rates, [users], from embeddings [users, user_width]."""

    def predict(self, batch: Batch) -> Prediction:
        """Adapt to the support rows and score the query rows."""
        embedded = self.network.embed(batch)
        inner_lr = self.inner_lr(embedded.users)
        score = adapted_scores(self.network, embedded, batch, inner_lr, self.order)
        return Prediction(score, inner_lr)

    def loss(self, batch: Batch) -> Tensor:
        """Compute the mean over users of the query error after the step."""
        return user_mse(self.predict(batch).score, batch.query).mean()
