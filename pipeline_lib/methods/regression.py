"""Linear regression of ratings and logistic regression of clicks, on the features of rows."""

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline_lib.episodes.batch import Batch, take_batch
from pipeline_lib.episodes.format import Catalogue, Episodes
from pipeline_lib.methods.base import Prediction, Problem
from pipeline_lib.methods.references import WithUserMean
from pipeline_lib.models.preference import over_slots
from pipeline_lib.models.values import Values, item_values, user_values
from pipeline_lib.settings.methods.regression import RegressionSettings
from pipeline_lib.settings.task import ClickTask

if TYPE_CHECKING:
    from scipy.sparse import csr_array

MOST_ROUNDS, TOLERANCE = 1000, 1e-6


class Regression(WithUserMean):
    """Score bias + w · (values of the profile, values of the item, mean of the support rows).

    The score of clicks is a log-odds. Fitted to the query rows of training users: least is the sum
    of the rows' weighted losses and `penalty` ‖w‖² / 2.
    """

    user_weight: Tensor
    item_weight: Tensor
    mean_weight: Tensor
    bias: Tensor

    def __init__(self, settings: RegressionSettings, problem: Problem) -> None:
        super().__init__(settings, problem)
        self.penalty, self.sizes = settings.penalty, problem.sizes
        self.register_buffer("user_weight", torch.zeros(1 + problem.sizes.user_values))
        self.register_buffer("item_weight", torch.zeros(1 + problem.sizes.item_values))
        self.register_buffer("mean_weight", torch.zeros(()))
        self.register_buffer("bias", torch.zeros(()))

    def fit(self, train: Episodes, catalogue: Catalogue) -> None:
        """Fit to the query rows, as a user's mean is of support rows alone."""
        super().fit(train, catalogue)
        everyone = torch.arange(len(train), device=train.user.device)
        batch = take_batch(train, catalogue, everyone)
        target = batch.query.target
        weights, bias = self._solve(self._matrix(batch), target, self.weigh(target))
        widths = len(self.user_weight), len(self.item_weight), 1
        found = torch.from_numpy(weights).to(self.bias).split(widths)
        for own, part in zip((self.user_weight, self.item_weight), found, strict=False):
            own.copy_(part)
        self.mean_weight.copy_(found[2][0])
        self.bias.fill_(bias)

    def predict(self, batch: Batch) -> Prediction:
        """Score the query rows."""
        values = (self.user_weight[batch.codes] * batch.values)[..., None]
        users = over_slots(values, self.sizes.user_features).sum(1)
        items = batch.embed_items(self.item_weight[:, None], self.sizes.item_features).sum(1)
        own = self.bias + users + self.mean_weight * self.users_mean(batch)
        score = batch.query.spread(own) + batch.query.take(items)
        return Prediction(score.sigmoid() if isinstance(self.task, ClickTask) else score)

    def _matrix(self, batch: Batch) -> "csr_array":
        """Lay out the features of query rows: columns of user values, item values, user's mean."""
        from scipy.sparse import csr_array, hstack

        query, items = batch.query, item_values(batch, self.sizes.item_features)
        parts = [
            _lay_out(user_values(batch), len(batch), len(self.user_weight), query.user),
            _lay_out(items, len(batch.items), len(self.item_weight), query.item),
            csr_array(_numbers(query.spread(self.users_mean(batch)))[:, None]),
        ]
        return hstack(parts, format="csr")

    def _solve(
        self, features: "csr_array", target: Tensor, weight: Tensor
    ) -> tuple[NDArray[np.float64], float]:
        """Return the weights, [columns], and the bias."""
        from sklearn.linear_model import LogisticRegression, Ridge
        from threadpoolctl import threadpool_limits

        how = {"tol": TOLERANCE, "max_iter": MOST_ROUNDS}
        model = (
            LogisticRegression(C=1 / self.penalty, **how)
            if isinstance(self.task, ClickTask)
            else Ridge(alpha=self.penalty / 2, solver="sparse_cg", **how)
        )
        with threadpool_limits(1):  # more would sum in any order
            model.fit(features, _numbers(target), sample_weight=_numbers(weight))
        return np.ravel(model.coef_), float(np.ravel(model.intercept_)[0])


def _lay_out(values: Values, rows: int, columns: int, of_row: Tensor) -> "csr_array":
    """Lay values out in columns by code, for the owner of each row, [rows] int64."""
    from scipy.sparse import csr_array

    places = values.owner.cpu().numpy(), values.code.cpu().numpy()
    return csr_array((_numbers(values.weight), places), shape=(rows, columns))[of_row.cpu().numpy()]


def _numbers(values: Tensor) -> NDArray[np.float64]:
    return values.double().cpu().numpy()


METHODS = {"regression": Regression}
