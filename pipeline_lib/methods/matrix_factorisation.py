"""Matrix factorisation: items' factors from training rows, a new user's by ridge regression."""

import torch
from torch import Tensor

from pipeline_lib.episodes.batch import Batch
from pipeline_lib.episodes.format import Catalogue, Episodes
from pipeline_lib.methods.base import Prediction, Problem
from pipeline_lib.methods.references import ItemMean
from pipeline_lib.models.least_squares import ItemFactors, Rated, alternate
from pipeline_lib.settings.methods.matrix_factorisation import MatrixFactorisationSettings

INITIAL_STD, INITIAL_SEED = 0.1, 0


class MatrixFactorisation(ItemMean):
    """Score μ + b_i + b_u + p_u · q_i, by alternating least squares (Koren et al. 2009).

    Each sweep solves all users for (b_u, p_u), then all items for (b_i, q_i), with the rows'
    weights in the loss. A new user is solved on the support rows, with the items fixed. The initial
    factors are the same for every seed.
    """

    item_factors: Tensor
    user_penalty: Tensor
    item_penalty: Tensor

    def __init__(self, settings: MatrixFactorisationSettings, problem: Problem) -> None:
        super().__init__(settings, problem)
        self.sweeps = settings.sweeps
        generator = torch.Generator().manual_seed(INITIAL_SEED)
        factors = torch.randn(problem.items, settings.factors, generator=generator)
        self.register_buffer("item_factors", INITIAL_STD * factors)
        penalties = [settings.penalty] * settings.factors
        user, item = settings.user_shrinkage, settings.item_shrinkage
        self.register_buffer("user_penalty", torch.tensor([user, *penalties]), persistent=False)
        self.register_buffer("item_penalty", torch.tensor([item, *penalties]), persistent=False)

    def fit(self, train: Episodes, catalogue: Catalogue) -> None:
        """Solve users and items in turn, from random factors and the items' means."""
        super().fit(train, catalogue)
        item, target = train.all_rows()
        rows = self._rated(train.owners(), item, target, len(train))
        found = alternate(rows, self._items, self.user_penalty, self.item_penalty, self.sweeps)
        self.item_bias.copy_(found.bias)
        self.item_factors.copy_(found.factors)

    def predict(self, batch: Batch) -> Prediction:
        """Solve the users on their support rows and score the query rows."""
        support, query = batch.support, batch.query
        item = batch.items[support.item]
        rows = self._rated(support.user, item, support.target, len(batch))
        own = query.spread(self._items.solve_users(rows, self.user_penalty))
        score = self.mean + self._items.score(batch.items[query.item], own)
        return Prediction(self.bound(score))

    @property
    def _items(self) -> ItemFactors:
        return ItemFactors(self.item_bias, self.item_factors)

    def _rated(self, user: Tensor, item: Tensor, target: Tensor, users: int) -> Rated:
        return Rated(user, item, target - self.mean, self.weigh(target), users)


METHODS = {"matrix-factorisation": MatrixFactorisation}
