"""Ridge regression of many owners at once, each on rows of their own."""

import torch
from torch import Tensor

ROWS_AT_ONCE = 1 << 18


def ridge(
    features: Tensor,
    target: Tensor,
    weight: Tensor,
    owner: Tensor,
    penalty: Tensor,
    owners: int,
) -> Tensor:
    """Minimise Σ w (y − xᵀβ)² + Σ λ β² over each owner's rows; return β, [owners, features].

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
