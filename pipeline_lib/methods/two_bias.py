"""Two-bias model: global mean + item bias + user bias."""

import torch

from pipeline_lib.batch import Batch
from pipeline_lib.methods.base import Prediction, Problem
from pipeline_lib.methods.item_mean import ItemMean
from pipeline_lib.settings.methods.two_bias import TwoBiasSettings


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


build = TwoBias
