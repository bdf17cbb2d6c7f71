"""Reference points that a learned method has to beat: means and biases in closed form.

All weigh rows as the task's loss does, in units of the training rows' mean weight.
"""

import torch
from torch import Tensor

from pipeline_lib.episodes.batch import Batch
from pipeline_lib.episodes.format import Catalogue, Episodes
from pipeline_lib.methods.base import ClosedForm, Prediction, Problem
from pipeline_lib.metrics.loss import relative_weight, weighted_mean
from pipeline_lib.settings.methods.references import (
    GlobalMeanSettings,
    ItemBiasSettings,
    TwoBiasSettings,
    WithUserMeanSettings,
)
from pipeline_lib.settings.task import ClickTask


class GlobalMean(ClosedForm):
    """Predict the mean of all training rows."""

    mean: Tensor

    def __init__(
        self,
        _settings: GlobalMeanSettings | WithUserMeanSettings | ItemBiasSettings,
        problem: Problem,
    ) -> None:
        super().__init__()
        self.task = problem.task
        self.register_buffer("mean", torch.zeros(()))

    def fit(self, train: Episodes, _catalogue: Catalogue) -> None:
        """Compute the mean over rows."""
        _, target = train.all_rows()
        self.mean.copy_(weighted_mean(self.task, target))

    def predict(self, batch: Batch) -> Prediction:
        """Score every row with the mean."""
        return Prediction(self.mean.expand(len(batch.query.target)))

    def weigh(self, target: Tensor) -> Tensor:
        """Return the weights of rows, [rows], from their targets."""
        return relative_weight(self.task, target, self.mean)

    def bound(self, score: Tensor) -> Tensor:
        """Clamp the probabilities of clicks, [rows], to [0, 1]."""
        return score.clamp(0, 1) if isinstance(self.task, ClickTask) else score


class WithUserMean(GlobalMean):
    """The base of all methods that read the mean of the user's support rows.

    The mean of clicks is shrunk to that of the training rows, since few rows show how often a user
    clicks. A user without support rows gets the training rows' mean.
    """

    def __init__(self, settings: WithUserMeanSettings, problem: Problem) -> None:
        super().__init__(settings, problem)
        clicks = isinstance(problem.task, ClickTask)
        self.shrinkage = settings.click_shrinkage if clicks else 0.0

    def users_mean(self, batch: Batch) -> Tensor:
        """Compute the means of users' support rows, [users]."""
        support = batch.support
        weight = self.weigh(support.target)
        sums = support.sum(weight * support.target) + self.shrinkage * self.mean
        weights = support.sum(weight) + self.shrinkage
        return torch.where(weights > 0, sums / weights, self.mean)


class UserMean(WithUserMean):
    """Predict the mean of the user's support rows."""

    def predict(self, batch: Batch) -> Prediction:
        """Score all rows of a user with one mean."""
        return Prediction(batch.query.spread(self.users_mean(batch)))


class ItemMean(GlobalMean):
    """Predict (sum of the item's targets + k · global mean) / (their number + k)."""

    item_bias: Tensor

    def __init__(self, settings: ItemBiasSettings, problem: Problem) -> None:
        super().__init__(settings, problem)
        self.shrinkage = settings.item_shrinkage
        self.register_buffer("item_bias", torch.zeros(problem.items))

    def fit(self, train: Episodes, catalogue: Catalogue) -> None:
        """Compute the mean of all rows and each item's shrunk mean deviation from it."""
        super().fit(train, catalogue)
        item, target = train.all_rows()
        weight = self.weigh(target)
        zeros = torch.zeros_like(self.item_bias)
        sums = zeros.index_add(0, item, weight * (target - self.mean))
        counts = zeros.index_add(0, item, weight)
        rated = counts > 0
        self.item_bias[rated] = sums[rated] / (counts[rated] + self.shrinkage)

    def predict(self, batch: Batch) -> Prediction:
        """Score each row by its item."""
        return Prediction(self.bound(self.score_items(batch)[batch.query.item]))

    def score_items(self, batch: Batch) -> Tensor:
        """Score the batch's items, [items]."""
        return self.mean + self.item_bias[batch.items]


class TwoBias(ItemMean):
    """Add to the item's score the user's shrunk mean deviation from it on support rows, if any."""

    def __init__(self, settings: TwoBiasSettings, problem: Problem) -> None:
        super().__init__(settings, problem)
        self.user_shrinkage = settings.user_shrinkage

    def predict(self, batch: Batch) -> Prediction:
        """Score each row by its item and its user."""
        scores, support = self.score_items(batch), batch.support
        weight = self.weigh(support.target)
        residual = support.sum(weight * (support.target - scores[support.item]))
        weights = support.sum(weight) + self.user_shrinkage
        user_bias = torch.where(weights > 0, residual / weights, 0)
        score = scores[batch.query.item] + batch.query.spread(user_bias)
        return Prediction(self.bound(score))


METHODS = {
    "global-mean": GlobalMean,
    "user-mean": UserMean,
    "item-mean": ItemMean,
    "two-bias": TwoBias,
}
