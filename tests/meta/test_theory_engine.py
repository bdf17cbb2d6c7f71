"""What the theory of Yu et al. 2021 says of losses of any form, held on the engine."""

from itertools import combinations

import torch

from pipeline_lib.methods.paml import RegPAML
from tests.meta.user_losses import (
    LR_MAX,
    adapted_parameters,
    curvature_along,
    decision_parameters,
    flat,
    gradient,
    gradients,
    inner_rates,
    losses_on,
    one_batch,
    squared_norm,
    user_losses,
)
from tests.methods.world import build_learner, build_paml


def test_proposition_1_with_the_curvature_measured() -> None:
    """Sums over pairs of |L_i(θ_i) − L_j(θ_j)|; M is each step's largest curvature, at 9 places.

    At most (|U| − 1) Σ (1 + M |α_i| / 2) |α_i| ‖∇L_i(θ)‖² + Σ |L_i(θ) − L_j(θ)|.
    """
    learner, batch = build_paml(lr_max=LR_MAX).double(), one_batch(range(4))
    alpha, g = inner_rates(learner, batch), gradients(learner, batch)
    start, adapted = flat(decision_parameters(learner)), adapted_parameters(learner, batch)
    moved, before, after = [], [], []
    for user, loss in enumerate(user_losses(learner, batch)):
        bend = curvature_along(loss, start, alpha[user] * g[user])
        moved.append((1 + bend * alpha[user] / 2) * alpha[user] * squared_norm(g[user]))
        before.append(float(loss(start).detach()))
        after.append(float(loss(adapted[user]).detach()))
    apart = sum(abs(a - b) for a, b in combinations(before, 2))
    spread = sum(abs(a - b) for a, b in combinations(after, 2))
    assert 0 < spread <= (len(batch) - 1) * float(sum(moved)) + apart


def test_remark_1_the_regulariser_is_proximal_and_weaker_for_larger_rates() -> None:
    """γ |α_i| ‖∇L_i(θ)‖² = (λ_i / 2) ‖θ_i − θ‖² with λ_i = 2 γ / |α_i|, within 1e-10."""
    gamma, batch = 0.5, one_batch()
    plain = build_paml(lr_max=LR_MAX).double()
    learner = build_learner("reg-paml", lr_max=LR_MAX, gamma=gamma).double()
    assert isinstance(learner, RegPAML)
    step = adapted_parameters(learner, batch) - flat(decision_parameters(learner))
    strength = 2 * gamma / inner_rates(learner, batch)
    added = learner.losses(batch) - plain.losses(batch)
    torch.testing.assert_close(added, strength / 2 * step.square().sum(1), rtol=1e-10, atol=1e-12)


def test_equation_6_the_exact_gradient_of_the_rates_network() -> None:
    """∂L_i/∂ψ = −⟨∇L_i(θ_i; query), ∇L_i(θ; support)⟩ ∂α_i/∂ψ, embeddings held.

    The printed equation has other factors.
    """
    learner, batch = build_paml(lr_max=LR_MAX).double(), one_batch()
    g, adapted = gradients(learner, batch), adapted_parameters(learner, batch)
    on_query = losses_on(learner, batch, batch.query)
    after = torch.stack([gradient(loss, own) for loss, own in zip(on_query, adapted, strict=True)])
    psi = list(learner.learning_rate.parameters())
    engine = torch.autograd.grad(learner.losses(batch).sum(), psi)
    alpha = learner.predict(batch).diagnostics.get("inner_lr")
    embedded = learner.network.embed(batch)
    rate = learner.rates(embedded.users.detach(), batch).rate
    torch.testing.assert_close(rate, alpha)
    by_hand = torch.autograd.grad(rate, psi, -(after * g).sum(1))
    for own, other in zip(engine, by_hand, strict=True):
        torch.testing.assert_close(own, other, rtol=1e-9, atol=1e-14)
    assert max(float(own.abs().max()) for own in engine) > 1e-6
