"""Matrix factorisation: items' factors from the training rows, a new user's by ridge regression."""

import torch
from torch import Tensor

from pipeline_lib.batch import Batch
from pipeline_lib.episodes import Episodes, Rows
from pipeline_lib.methods.base import Prediction, Problem
from pipeline_lib.methods.item_mean import ItemMean
from pipeline_lib.models.ridge import ridge
from pipeline_lib.settings.methods.matrix_factorisation import MatrixFactorisationSettings

INITIAL_STD, INITIAL_SEED = 0.1, 0


class MatrixFactorisation(ItemMean):
    """Score μ + b_i + b_u + p_u · q_i, by alternating least squares (Koren et al. 2009).

    Each sweep solves all users for (b_u, p_u), then all items for (b_i, q_i), with the rows'
    weights in the loss. A new user is solved on the support rows, the items as they are. Whatever
    the seed, the factors begin alike.
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

    def fit(self, train: Episodes) -> None:
        """Solve users and items by turns, beginning with random factors and the items' means."""
        super().fit(train)
        item, target = train.all_rows()
        user = torch.cat([_owners(train.support), _owners(train.query)])
        for _ in range(self.sweeps):
            own = self._solve_users(item, target, user, len(train))[user]
            residual = target - self.mean - own[:, 0]
            features, weight = _with_one(own[:, 1:]), self.weigh(target)
            items = len(self.item_bias)
            found = ridge(features, residual, weight, item, self.item_penalty, items)
            self.item_bias.copy_(found[:, 0])
            self.item_factors.copy_(found[:, 1:])

    def predict(self, batch: Batch) -> Prediction:
        """Solve the users on their support rows, and score the query rows."""
        support, query = batch.support, batch.items[batch.query.item]
        item = batch.items[support.item]
        own = self._solve_users(item, support.target, support.user, len(batch))
        product = (batch.query.spread(own) * _with_one(self.item_factors[query])).sum(1)
        return Prediction(self.bound(self.mean + self.item_bias[query] + product), None)

    def _solve_users(self, item: Tensor, target: Tensor, user: Tensor, users: int) -> Tensor:
        """Solve users for bias and factors, [users, 1 + factors]."""
        residual = target - self.mean - self.item_bias[item]
        features = _with_one(self.item_factors[item])
        return ridge(features, residual, self.weigh(target), user, self.user_penalty, users)


def _owners(rows: Rows) -> Tensor:
    return rows.users.take(torch.arange(len(rows.users), device=rows.item.device))[1]


def _with_one(factors: Tensor) -> Tensor:
    return torch.cat((factors.new_ones(len(factors), 1), factors), 1)


build = MatrixFactorisation
