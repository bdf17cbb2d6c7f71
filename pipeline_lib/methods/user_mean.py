"""User mean: each user's rows get the mean of that user's support rows."""

from pipeline_lib.batch import Batch
from pipeline_lib.episodes import Episodes
from pipeline_lib.methods.base import ClosedForm, Prediction, Problem
from pipeline_lib.settings.methods.user_mean import UserMeanSettings


class UserMean(ClosedForm):
    """Predict the mean of the user's support rows; there is nothing to train."""

    def __init__(self, _settings: UserMeanSettings, _problem: Problem) -> None:
        super().__init__()

    def fit(self, train: Episodes) -> None:
        """Do nothing."""

    def predict(self, batch: Batch) -> Prediction:
        """Score each user's rows alike."""
        means = batch.support.mean(batch.support.target)
        return Prediction(batch.query.spread(means), None)


build = UserMean
