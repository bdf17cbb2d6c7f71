"""Alternating least squares: biases and factors of users and items, each a ridge regression."""

from dataclasses import dataclass

import torch
from torch import Tensor

ROWS_AT_ONCE = 1 << 18


@dataclass(frozen=True)
class Rated:
    """Rows for a matrix factorisation.

    user, item: [rows] int64. residual: [rows], targets without their mean. weight: [rows].
    users: their number.
    """

    user: Tensor
    item: Tensor
    residual: Tensor
    weight: Tensor
    users: int


@dataclass(frozen=True)
class ItemFactors:
    """The items' biases, [items], and factors, [items, factors]."""

    bias: Tensor
    factors: Tensor

    def solve_users(self, rows: Rated, penalty: Tensor) -> Tensor:
        """Return users' biases and factors, [users, 1 + factors]; penalty: [1 + factors]."""
        residual = rows.residual - self.bias[rows.item]
        features = with_one(self.factors[rows.item])
        return ridge(features, residual, rows.weight, rows.user, penalty, rows.users)

    def score(self, item: Tensor, own: Tensor) -> Tensor:
        """Score items, [rows] int64; own: the users' biases and factors, [rows, 1 + factors]."""
        return self.bias[item] + (own * with_one(self.factors[item])).sum(1)


def alternate(
    rows: Rated, start: ItemFactors, user_penalty: Tensor, item_penalty: Tensor, sweeps: int
) -> ItemFactors:
    """Solve all users, then all items, `sweeps` times (Koren et al. 2009); return the items.

    user_penalty, item_penalty: [1 + factors], of a bias and of each factor.
    """
    items = start
    for _ in range(sweeps):
        own = items.solve_users(rows, user_penalty)[rows.user]
        features, residual = with_one(own[:, 1:]), rows.residual - own[:, 0]
        count = len(items.bias)
        found = ridge(features, residual, rows.weight, rows.item, item_penalty, count)
        items = ItemFactors(found[:, 0], found[:, 1:])
    return items


def ridge(
    features: Tensor,
    target: Tensor,
    weight: Tensor,
    owner: Tensor,
    penalty: Tensor,
    owners: int,
) -> Tensor:
    """Return β, [owners, features], that minimises Σ w (y − xᵀβ)² + Σ λ β² over an owner's rows.

    features: x, [rows, features]. target, weight: y and w, [rows]. owner: [rows] int64. penalty: λ,
    [features], above 0. An owner without rows gets 0. Differentiable.
    """
    width = len(penalty)
    gram = torch.diag(penalty).expand(owners, width, width)
    moment = features.new_zeros(owners, width)
    parts = (x.split(ROWS_AT_ONCE) for x in (features, target, weight, owner))
    for x, y, w, of in zip(*parts, strict=True):
        weighted = w[:, None] * x
        gram = gram.index_add(0, of, weighted[:, :, None] * x[:, None, :])
        moment = moment.index_add(0, of, weighted * y[:, None])
    factor = torch.linalg.cholesky(gram)
    return torch.cholesky_solve(moment[:, :, None], factor)[:, :, 0]


def with_one(factors: Tensor) -> Tensor:
    """Put a column of ones before factors, [rows, 1 + factors]."""
    return torch.cat((factors.new_ones(len(factors), 1), factors), 1)
