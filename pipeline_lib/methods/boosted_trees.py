"""Gradient-boosted trees on the features of rows."""

import torch
from torch import Tensor

from pipeline_lib.episodes.batch import Batch, take_batch
from pipeline_lib.episodes.format import Catalogue, Episodes
from pipeline_lib.methods.base import Prediction, Problem
from pipeline_lib.methods.references import WithUserMean
from pipeline_lib.models.trees import Trees
from pipeline_lib.models.values import Values, item_values, user_values
from pipeline_lib.settings.methods.boosted_trees import BoostedTreesSettings
from pipeline_lib.settings.task import ClickTask


class BoostedTrees(WithUserMean):
    """Sum trees on the user's mean and on the most frequent values of profiles and items.

    Fitted by scikit-learn's HistGradientBoosting to the query rows of training users, by squared
    error or weighted cross-entropy, without early stopping.
    """

    start: Tensor
    user_column: Tensor
    item_column: Tensor

    def __init__(self, settings: BoostedTreesSettings, problem: Problem) -> None:
        super().__init__(settings, problem)
        self.settings, self.sizes = settings, problem.sizes
        self.trees = Trees(settings.trees, settings.depth)
        self.register_buffer("start", torch.zeros((), dtype=torch.float64))
        # The column of each code; the last one is left out.
        for name, codes in (("user", self.sizes.user_values), ("item", self.sizes.item_values)):
            columns = torch.full((1 + codes,), settings.columns)
            self.register_buffer(f"{name}_column", columns)

    def fit(self, train: Episodes, catalogue: Catalogue) -> None:
        """Fit to the query rows, as a user's mean is of support rows alone."""
        from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
        from threadpoolctl import threadpool_limits

        super().fit(train, catalogue)
        everyone = torch.arange(len(train), device=train.user.device)
        batch, own = take_batch(train, catalogue, everyone), self.settings
        self._choose_columns(batch)
        clicks = isinstance(self.task, ClickTask)
        model = (HistGradientBoostingClassifier if clicks else HistGradientBoostingRegressor)(
            learning_rate=own.learning_rate,
            max_iter=own.trees,
            max_leaf_nodes=None,
            max_depth=own.depth,
            min_samples_leaf=own.leaf_rows,
            early_stopping=False,
            random_state=0,
        )
        data = self._features(batch), batch.query.target, self.weigh(batch.query.target)
        with threadpool_limits(1):  # more would sum in any order
            model.fit(*(values.double().cpu().numpy() for values in data))
        self.trees.set_nodes([tree.nodes for (tree,) in model._predictors])
        self.start.fill_(float(model._baseline_prediction.item()))

    def predict(self, batch: Batch) -> Prediction:
        """Score the query rows."""
        score = (self.start + self.trees(self._features(batch))).to(self.mean.dtype)
        return Prediction(score.sigmoid() if isinstance(self.task, ClickTask) else score)

    def _choose_columns(self, batch: Batch) -> None:
        """Choose the values that most query rows have, and number their columns."""
        query, items = batch.query, item_values(batch, self.sizes.item_features)
        sides = (
            (self.user_column, user_values(batch), query.user, len(batch)),
            (self.item_column, items, query.item, len(batch.items)),
        )
        for column, values, owner, owners in sides:
            rows = torch.bincount(owner, minlength=owners)[values.owner]
            counts = torch.zeros_like(column).index_add(0, values.code, rows)
            chosen = counts.argsort(descending=True, stable=True)[: self.settings.columns]
            chosen = chosen[counts[chosen] > 0]
            column.fill_(self.settings.columns)
            column[chosen] = torch.arange(len(chosen), device=column.device)

    def _features(self, batch: Batch) -> Tensor:
        """Lay out the features of query rows, [rows, 1 + 2 * columns] float64."""
        query, items = batch.query, item_values(batch, self.sizes.item_features)
        of_users = self._lay_out(user_values(batch), self.user_column, len(batch))
        of_items = self._lay_out(items, self.item_column, len(batch.items))
        mean = query.spread(self.users_mean(batch))[:, None]
        return torch.cat((mean, query.spread(of_users), query.take(of_items)), 1).double()

    def _lay_out(self, values: Values, column: Tensor, count: int) -> Tensor:
        """Add up the weights of each one's values by column, [count, columns]."""
        width = self.settings.columns + 1
        found = values.weight.new_zeros(count * width)
        found.index_add_(0, values.owner * width + column[values.code], values.weight)
        return found.view(count, width)[:, :-1]


METHODS = {"boosted-trees": BoostedTrees}
