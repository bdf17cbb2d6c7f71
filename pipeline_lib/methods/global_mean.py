"""Global mean: the same score for everyone and everything."""

import torch
from torch import Tensor

from pipeline_lib.batch import Batch
from pipeline_lib.episodes import Episodes
from pipeline_lib.methods.base import ClosedForm, Prediction, Problem
from pipeline_lib.metrics.weights import weighted_mean
from pipeline_lib.settings.methods.global_mean import GlobalMeanSettings


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


build = GlobalMean
