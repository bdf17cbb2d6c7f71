"""Each user's loss as a function of θ alone, by the network's own forward, one user at a time."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.autograd.functional import hessian
from torch.func import functional_call

from pipeline_lib.episodes.batch import Batch, BatchRows
from pipeline_lib.methods.paml import PAML
from tests.methods.world import RATINGS, in_double, take

LR_MAX = 0.1
USERS = range(10)
Parameters = dict[str, Tensor]
UserLoss = Callable[[Tensor], Tensor]


def gauss(seed: int, *shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def squared_norm(x: Tensor) -> Tensor:
    return x.flatten().square().sum()


def one_batch(users: range = USERS) -> Batch:
    return in_double(take(RATINGS.folds.train, users))


def decision_parameters(learner: PAML) -> Parameters:
    """What the inner step adapts."""
    named = learner.network.named_parameters()
    return {name: p.detach() for name, p in named if not name.endswith("values.weight")}


def flat(parameters: Parameters) -> Tensor:
    return torch.cat([p.flatten() for p in parameters.values()])


def unflat(theta: Tensor, like: Parameters) -> Parameters:
    parts = theta.split([p.numel() for p in like.values()])
    return {n: x.view_as(p) for (n, p), x in zip(like.items(), parts, strict=True)}


def losses_on(learner: PAML, batch: Batch, rows: BatchRows) -> list[UserLoss]:
    """Each user's mean loss on some rows of a batch as a function of θ, [parameters]."""
    embedded, like = learner.network.embed(batch), decision_parameters(learner)

    def loss(user: int, theta: Tensor) -> Tensor:
        z = functional_call(learner.network, unflat(theta, like), (embedded, rows))
        own = rows.user == user
        return learner.head.loss(z[own], rows.target[own]).mean()

    return [lambda theta, user=user: loss(user, theta) for user in range(len(batch))]  # type: ignore[misc]


def user_losses(learner: PAML, batch: Batch) -> list[UserLoss]:
    """Each user's mean loss on support rows."""
    return losses_on(learner, batch, batch.support)


def gradient(loss: UserLoss, theta: Tensor) -> Tensor:
    (found,) = torch.autograd.grad(loss(start := theta.clone().requires_grad_()), start)
    return found.detach()


def gradients(learner: PAML, batch: Batch) -> Tensor:
    """∇θ L_i of each user at θ, [users, parameters], one autograd call each."""
    theta = flat(decision_parameters(learner))
    return torch.stack([gradient(loss, theta) for loss in user_losses(learner, batch)])


def adapted_parameters(learner: PAML, batch: Batch) -> Tensor:
    """θ_i = θ − α_i ∇θ L_i, [users, parameters], with the engine's rates."""
    steps = inner_rates(learner, batch)[:, None] * gradients(learner, batch)
    return flat(decision_parameters(learner)) - steps


def curvature_along(loss: UserLoss, theta: Tensor, step: Tensor) -> Tensor:
    """The largest spectral norm of the Hessian at 9 places from θ to θ − step."""
    places = [theta - t * step for t in torch.linspace(0, 1, 9, dtype=torch.float64)]
    hessians = torch.stack([hessian(loss, place, vectorize=True) for place in places])
    bend: Tensor = torch.linalg.matrix_norm(hessians, 2).max()
    return bend


def inner_rates(learner: PAML, batch: Batch) -> Tensor:
    rates = learner.predict(batch).diagnostics.get("inner_lr")
    assert rates is not None
    return rates.detach()
