"""Global mean: the same score for everyone and everything."""

import torch
from torch import Tensor

from pipeline_lib.batch import Batch
from pipeline_lib.episodes import Episodes
from pipeline_lib.methods.base import ClosedForm, Prediction, Problem
from pipeline_lib.settings.methods.global_mean import GlobalMeanSettings


class GlobalMean(ClosedForm):
    """Predict the mean of all training rows."""

    mean: Tensor

    def __init__(self, _settings: GlobalMeanSettings, _problem: Problem) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(()))

    def fit(self, train: Episodes) -> None:
        """Take the mean over rows."""
        _, target = train.all_rows()
        self.mean.copy_(target.mean())

    def predict(self, batch: Batch) -> Prediction:
        """Score every row alike."""
        return Prediction(self.mean.expand(len(batch.query.target)), None)


build = GlobalMean
