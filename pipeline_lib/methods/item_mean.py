"""Item mean: each item's mean over training rows, shrunk to the global mean."""

import torch
from torch import Tensor

from pipeline_lib.batch import Batch
from pipeline_lib.episodes import Episodes
from pipeline_lib.methods.base import ClosedForm, Prediction, Problem
from pipeline_lib.settings.methods.item_mean import ItemMeanSettings
from pipeline_lib.settings.methods.two_bias import TwoBiasSettings


class ItemMean(ClosedForm):
    """Predict (sum of the item's ratings + k · global mean) / (their number + k)."""

    mean: Tensor
    item_bias: Tensor

    def __init__(self, settings: ItemMeanSettings | TwoBiasSettings, problem: Problem) -> None:
        super().__init__()
        self.shrinkage = settings.item_shrinkage
        self.register_buffer("mean", torch.zeros(()))
        self.register_buffer("item_bias", torch.zeros(problem.items))

    def fit(self, train: Episodes) -> None:
        """Take the mean of all rows and each item's shrunk mean deviation from it."""
        item, target = train.all_rows()
        self.mean.copy_(target.mean())
        sums = torch.zeros_like(self.item_bias).index_add(0, item, target - self.mean)
        counts = torch.bincount(item, minlength=len(self.item_bias))
        rated = counts > 0
        self.item_bias[rated] = sums[rated] / (counts[rated] + self.shrinkage)

    def predict(self, batch: Batch) -> Prediction:
        """Score each row by its item."""
        return Prediction(self.score_items(batch)[batch.query.item], None)

    def score_items(self, batch: Batch) -> Tensor:
        """Score the batch's items, [items]."""
        return self.mean + self.item_bias[batch.items]


build = ItemMean
