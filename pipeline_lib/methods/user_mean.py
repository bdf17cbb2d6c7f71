"""User mean: each user's rows get the mean of that user's support rows."""

import torch
from torch import Tensor

from pipeline_lib.batch import Batch
from pipeline_lib.episodes import Episodes
from pipeline_lib.methods.base import ClosedForm, Prediction, Problem
from pipeline_lib.metrics.weights import relative_weight, weighted_mean
from pipeline_lib.settings.methods.user_mean import UserMeanSettings
from pipeline_lib.settings.task import ClickTask


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


build = UserMean
