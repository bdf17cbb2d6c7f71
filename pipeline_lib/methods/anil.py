"""ANIL: almost no inner loop."""

from torch import Tensor

from pipeline_lib.episodes.batch import Batch, BatchRows
from pipeline_lib.methods.base import INNER_LR, Prediction, Problem
from pipeline_lib.methods.embedded import EmbeddedLearner
from pipeline_lib.models.preference import PreferenceNetwork
from pipeline_lib.settings.methods.anil import ANILSettings


class ANIL(EmbeddedLearner):
    """Adapt the last layer alone, by steps on the mean support loss (Raghu et al. 2020, sec. 4.1).

    With θ = (θ_1, …, θ_l) the layers, a step takes θ_l ← θ_l − α ∇_{θ_l} L_i(θ), and the query loss
    after the steps trains all of θ.
    """

    network: PreferenceNetwork

    def __init__(self, settings: ANILSettings, problem: Problem) -> None:
        super().__init__(problem)
        self.settings = settings
        sizes, network = problem.sizes, problem.required_network
        self.network = PreferenceNetwork(sizes, network, self.head.outputs)

    @property
    def static(self) -> bool:
        """Return True: a batch of one shape takes the same operations."""
        return True

    def losses(self, batch: Batch) -> Tensor:
        """Compute each user's mean query loss after the steps, [users]."""
        return batch.query.mean(self.head.loss(self._outputs(batch), batch.query.target))

    def predict(self, batch: Batch) -> Prediction:
        """Adapt to the support rows and score the query rows."""
        rate = batch.values.new_full((len(batch),), self.settings.inner_lr)
        return Prediction(self.head.score(self._outputs(batch)), {INNER_LR: rate})

    def _outputs(self, batch: Batch) -> Tensor:
        first = self.network.first_layer(self.network.embed(batch))
        support, query = (self.network.features(first, r) for r in (batch.support, batch.query))
        weight, bias = self._adapt(support, batch.support)
        return _last_layer(query, batch.query, weight, bias)

    def _adapt(self, features: Tensor, rows: BatchRows) -> tuple[Tensor, Tensor]:
        """Return each user's last layer after the steps: [users, out, in] and [users, out]."""
        last, users = self.network.later_layers[-1], len(rows.counts)
        weight, bias = (p.expand(users, *p.shape) for p in (last.weight, last.bias))
        for _ in range(self.settings.inner_steps):
            outputs = _last_layer(features, rows, weight, bias)
            error = rows.share(self.head.error(outputs, rows.target))
            steps = rows.sum(error[:, :, None] * features[:, None]), rows.sum(error)
            if self.settings.order == "first":
                steps = steps[0].detach(), steps[1].detach()
            weight = weight - self.settings.inner_lr * steps[0]
            bias = bias - self.settings.inner_lr * steps[1]
        return weight, bias


def _last_layer(features: Tensor, rows: BatchRows, weight: Tensor, bias: Tensor) -> Tensor:
    """Apply each user's own layer to features [rows, in], [rows, out]."""
    return (rows.spread(weight) @ features[:, :, None])[:, :, 0] + rows.spread(bias)


METHODS = {"anil": ANIL}
