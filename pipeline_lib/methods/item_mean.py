"""Item mean: each item's mean over training rows, shrunk to the global mean."""

import torch
from torch import Tensor

from pipeline_lib.batch import Batch
from pipeline_lib.episodes import Episodes
from pipeline_lib.methods.base import ClosedForm, Prediction, Problem
from pipeline_lib.metrics.weights import relative_weight, weighted_mean
from pipeline_lib.settings.methods.item_mean import ItemBiasSettings
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


build = ItemMean
