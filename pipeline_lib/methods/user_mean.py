"""User mean: each user's rows get the mean of that user's support rows."""

from torch import Tensor

from pipeline_lib.batch import Batch, PackedRows
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
        means = user_sum(batch.support.target, batch.support) / batch.support.counts
        return Prediction(means[batch.query.user], None)


def user_sum(values: Tensor, rows: PackedRows) -> Tensor:
    """Sum values [rows] within each user, [users]."""
    return values.new_zeros(len(rows.counts)).index_add(0, rows.user, values)


build = UserMean
