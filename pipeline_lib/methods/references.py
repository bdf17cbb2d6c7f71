"""Reference points: what a method has to beat, fitted in closed form."""

import torch
from torch import Tensor

from pipeline_lib.episodes.batch import Batch
from pipeline_lib.episodes.format import Episodes
from pipeline_lib.methods.base import ClosedForm, Prediction, Problem
from pipeline_lib.metrics.loss import relative_weight, weighted_mean
from pipeline_lib.settings.methods.references import (
    GlobalMeanSettings,
    ItemBiasSettings,
    TwoBiasSettings,
    UserMeanSettings,
)
from pipeline_lib.settings.task import ClickTask


class ItemMean(ClosedForm):
    """Predict (sum of the item's targets + k · global mean) / (their number + k).

    Rows count by their weight in the task's loss, in units of the training rows' mean weight.
    """

    mean: Tensor
    item_bias: Tensor

    def __init__(self, settings: ItemBiasSettings, problem: Problem) -> None:
        super().__init__()
        self.task = problem.task
        self.shrinkage = settings.item_shrinkage
        self.register_buffer("mean", torch.zeros(()))
        self.register_buffer("item_bias", torch.zeros(problem.items))

    def fit(self, train: Episodes) -> None:
        """Take the mean of all rows and each item's shrunk mean deviation from it."""
        item, target = train.all_rows()
        self.mean.copy_(weighted_mean(self.task, target))
        weight = self.weigh(target)
        zeros = torch.zeros_like(self.item_bias)
        sums = zeros.index_add(0, item, weight * (target - self.mean))
        counts = zeros.index_add(0, item, weight)
        rated = counts > 0
        self.item_bias[rated] = sums[rated] / (counts[rated] + self.shrinkage)

    def predict(self, batch: Batch) -> Prediction:
        """Score each row by its item."""
        return Prediction(self.bound(self.score_items(batch)[batch.query.item]), None)

    def score_items(self, batch: Batch) -> Tensor:
        """Score the batch's items, [items]."""
        return self.mean + self.item_bias[batch.items]

    def weigh(self, target: Tensor) -> Tensor:
        """Count rows, [rows], by their weight in the loss."""
        return relative_weight(self.task, target, self.mean)

    def bound(self, score: Tensor) -> Tensor:
        """Keep the probabilities of clicks, [rows], between 0 and 1."""
        return score.clamp(0, 1) if isinstance(self.task, ClickTask) else score


class GlobalMean(ClosedForm):
    """Predict the mean of all training rows, weighted as in the task's loss."""

    mean: Tensor

    def __init__(self, _settings: GlobalMeanSettings, problem: Problem) -> None:
        super().__init__()
        self.task = problem.task
        self.register_buffer("mean", torch.zeros(()))

    def fit(self, train: Episodes) -> None:
        """Take the mean over rows."""
        _, target = train.all_rows()
        self.mean.copy_(weighted_mean(self.task, target))

    def predict(self, batch: Batch) -> Prediction:
        """Score every row alike."""
        return Prediction(self.mean.expand(len(batch.query.target)), None)


class UserMean(ClosedForm):
    """Predict the mean of the user's support rows, weighted as in the task's loss.

    Clicks' mean is shrunk to that of the training rows: few users show how often they click. A
    user without support rows gets the training rows' mean.
    """

    mean: Tensor

    def __init__(self, settings: UserMeanSettings, problem: Problem) -> None:
        super().__init__()
        self.task = problem.task
        clicks = isinstance(problem.task, ClickTask)
        self.shrinkage = settings.click_shrinkage if clicks else 0.0
        self.register_buffer("mean", torch.zeros(()))

    def fit(self, train: Episodes) -> None:
        """Take the mean over rows."""
        _, target = train.all_rows()
        self.mean.copy_(weighted_mean(self.task, target))

    def predict(self, batch: Batch) -> Prediction:
        """Score each user's rows alike."""
        support = batch.support
        weight = relative_weight(self.task, support.target, self.mean)
        sums = support.sum(weight * support.target) + self.shrinkage * self.mean
        weights = support.sum(weight) + self.shrinkage
        means = torch.where(weights > 0, sums / weights, self.mean)
        return Prediction(batch.query.spread(means), None)


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
        return Prediction(self.bound(score), None)


METHODS = {
    "global-mean": GlobalMean,
    "user-mean": UserMean,
    "item-mean": ItemMean,
    "two-bias": TwoBias,
}
