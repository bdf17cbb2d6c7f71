"""What bounds the inner step, the personal rates, and how far adapted users lie apart.

None of it is stated in the paper. Each test says in full what it holds.
"""

import dataclasses

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.func import functional_call

from pipeline_lib.episodes.batch import Batch
from pipeline_lib.episodes.format import Episodes
from pipeline_lib.meta.memory import LookUp
from pipeline_lib.meta.rates import LearningRateNetwork
from pipeline_lib.methods.paml import PAML, RegPAML
from tests.meta.user_losses import (
    LR_MAX,
    adapted_parameters,
    curvature_along,
    decision_parameters,
    flat,
    gauss,
    gradients,
    inner_rates,
    one_batch,
    squared_norm,
    unflat,
    user_losses,
)
from tests.methods.world import RATINGS, build_learner, build_paml, in_double, make_rows, take


def support_again(batch: Batch) -> Batch:
    """The same users, judged on their support rows."""
    return dataclasses.replace(batch, query=batch.support)


class TestDescent:
    """A small enough step lowers the loss.

    Where ∇L is Lipschitz with constant M along the step θ' = θ − α ∇L(θ) and 0 < α < 2 / M,
    L(θ) − L(θ') ≥ α (1 − α M / 2) ‖∇L(θ)‖² > 0; and L(θ) − L(θ') = α ‖∇L(θ)‖² + O(α²).
    """

    @given(seed=st.integers(0, 999), share=st.floats(0.01, 0.99))
    def test_for_quadratics(self, seed: int, share: float) -> None:
        """M is the largest eigenvalue of the Hessian; the loss may be curved downwards too."""
        root = gauss(seed, 6, 6)
        curvature, slope, theta = root + root.T, gauss(seed + 1, 6), gauss(seed + 2, 6)
        bound = float(torch.linalg.matrix_norm(curvature, 2))
        alpha = share * 2 / bound

        def loss(x: Tensor) -> Tensor:
            return 0.5 * x @ curvature @ x + slope @ x

        gradient = curvature @ theta + slope
        descent = float(loss(theta) - loss(theta - alpha * gradient))
        least = alpha * (1 - alpha * bound / 2) * float(squared_norm(gradient))
        assert descent >= least * (1 - 1e-9) > 0

    @pytest.mark.parametrize("factor", [0.5, 1.9, 2.0, 2.1])
    def test_for_a_sphere_the_bound_is_met_and_2_over_m_is_the_limit(self, factor: float) -> None:
        """L = M ‖θ‖² / 2 falls by exactly the bound, not at all at 2 / M, and rises beyond."""
        bound, theta = 3.0, gauss(0, 5)
        gradient, alpha = bound * theta, factor / bound
        descent = 0.5 * bound * (squared_norm(theta) - squared_norm(theta - alpha * gradient))
        least = alpha * (1 - alpha * bound / 2) * squared_norm(gradient)
        torch.testing.assert_close(descent, least, rtol=1e-12, atol=1e-12)
        assert (descent > 1e-9) == (factor < 2)
        assert (descent < -1e-9) == (factor > 2)

    def test_for_the_engines_step_on_the_network(self) -> None:
        """M is the largest spectral norm of the Hessian at 9 places along each user's step."""
        learner = build_paml(lr_max=LR_MAX).double()
        batch = one_batch(range(3))
        alpha, before = inner_rates(learner, batch), []
        theta, g = flat(decision_parameters(learner)), gradients(learner, batch)
        for user, loss in enumerate(user_losses(learner, batch)):
            bound = curvature_along(loss, theta, alpha[user] * g[user])
            assert alpha[user] < 2 / bound
            before.append((loss(theta), bound, squared_norm(g[user])))
        losses, bounds, squares = (torch.stack(column) for column in zip(*before, strict=True))
        descent = losses - learner.losses(support_again(batch))
        least = alpha * (1 - alpha * bounds / 2) * squares
        assert (descent >= least * (1 - 1e-9)).all()
        assert (least > 0).all()

    def test_to_first_order_the_engine_lowers_the_loss_by_rate_times_squared_gradient(self) -> None:
        """What is left over falls like α²: ten times smaller a rate, a hundred times less."""
        errors = []
        for lr_max in (1e-3, 1e-4):
            learner, batch = build_paml(lr_max=lr_max).double(), one_batch()
            squares = gradients(learner, batch).square().sum(1)
            theta = flat(decision_parameters(learner))
            before = torch.stack([loss(theta) for loss in user_losses(learner, batch)])
            descent = before - learner.losses(support_again(batch))
            errors.append((descent - inner_rates(learner, batch) * squares).abs().detach())
            assert (errors[-1] < 0.1 * descent).all()
        torch.testing.assert_close(
            errors[0] / errors[1], torch.full((10,), 100.0).double(), rtol=0.1, atol=0
        )


def lipschitz(network: LearningRateNetwork) -> float:
    """lr_max / 4 times the product of the layers' spectral norms."""
    weights = [p for name, p in network.named_parameters() if name.endswith("weight")]
    norms = [float(torch.linalg.matrix_norm(w.detach(), 2)) for w in weights]
    return network.lr_max / 4 * float(torch.tensor(norms).double().prod())


class TestRatesOfSimilarUsers:
    """Users with similar embeddings have similar learning rates.

    α'(h) = lr_max σ(MLP(h)) is Lipschitz: |α'(h) − α'(k)| ≤ lr_max / 4 · Π ‖W_l‖₂ · ‖h − k‖, for
    σ' ≤ 1 / 4 and ReLU never stretches. What the memory adds lies between the smallest and the
    largest of the neighbours' rates, both times Σ s / (Σ s + σ).
    """

    @given(seed=st.integers(0, 999), scale=st.floats(1e-3, 10))
    def test_the_network_is_lipschitz(self, seed: int, scale: float) -> None:
        torch.manual_seed(seed)
        network = LearningRateNetwork(8, (6, 4), LR_MAX).double()
        left = 3 * gauss(seed, 50, 8)
        right = left + scale * gauss(seed + 1, 50, 8)
        with torch.no_grad():
            change = (network(left) - network(right)).abs()
        far = torch.linalg.vector_norm(left - right, dim=1)
        assert (change <= lipschitz(network) * far * (1 + 1e-9)).all()

    def test_the_constant_is_met_where_sigmoid_is_steepest(self) -> None:
        """Positive weights that pass one direction on, at a logit next to 0; within 0.1 %."""
        network = LearningRateNetwork(2, (1, 1), LR_MAX).double()
        for name, parameter in network.named_parameters():
            torch.nn.init.constant_(parameter, 3.0 if name.endswith("weight") else 0.0)
        along = torch.tensor([[0.0, 0.0], [1e-3, 1e-3]], dtype=torch.float64)
        low, high = network(along).tolist()
        far = float(torch.linalg.vector_norm(along[1]))
        assert (high - low) / far == pytest.approx(lipschitz(network), rel=1e-3)

    @given(seed=st.integers(0, 999), sigma=st.floats(1e-6, 10), precision=st.floats(1e-3, 10))
    def test_the_memory_adds_a_mean_of_its_rates_shrunk_by_sigma(
        self, seed: int, sigma: float, precision: float
    ) -> None:
        users, points, rates = gauss(seed, 5, 3), gauss(seed + 1, 5, 7, 3), gauss(seed + 2, 5, 7)
        slots = torch.zeros(5, 7, dtype=torch.int64)
        found = LookUp(slots, torch.ones_like(slots, dtype=torch.bool), points, rates.abs())
        total = found.similarity(users, precision).sum(1)
        shrunk = found.average(users, precision, sigma) * (total + sigma) / total
        assert (shrunk >= found.rates.amin(1) * (1 - 1e-9)).all()
        assert (shrunk <= found.rates.amax(1) * (1 + 1e-9)).all()


def mean_squared_distance(theta: Tensor) -> Tensor:
    """Over all ordered pairs of two users."""
    users = len(theta)
    return torch.cdist(theta, theta).square().sum() / (users * (users - 1))


class TestDistanceOfAdaptedUsers:
    """REG-PAML's regulariser bounds how far users' adapted parameters lie apart.

    After θ_i = θ − α_i g_i with g_i = ∇θ L_i(θ): ‖θ_i − θ‖ = |α_i| ‖g_i‖, hence ‖θ_i − θ_j‖² ≤
    2 (α_i² ‖g_i‖² + α_j² ‖g_j‖²), and with |α_i| ≤ lr_max the mean of ‖θ_i − θ_j‖² over pairs is
    at most 4 lr_max · mean_i |α_i| ‖g_i‖², a constant times what REG-PAML adds to the loss.
    """

    def test_the_engine_adds_rate_times_squared_gradient(self) -> None:
        """Within 1e-10, by each user's own gradient and for users of one batch."""
        batch = one_batch()
        plain = build_paml(lr_max=LR_MAX).double()
        learner = build_learner("reg-paml", lr_max=LR_MAX, gamma=0.5).double()
        assert isinstance(learner, RegPAML)
        rates = inner_rates(learner, batch)
        squares = gradients(learner, batch).square().sum(1)
        added = learner.losses(batch) - plain.losses(batch)
        torch.testing.assert_close(added, 0.5 * rates * squares, rtol=1e-10, atol=1e-12)

    def test_it_bounds_the_distances_on_the_engine(self) -> None:
        """θ_i is the engine's own: its outputs on query rows are the network's at θ_i."""
        batch, learner = one_batch(), build_paml(lr_max=LR_MAX).double()
        alpha, g = inner_rates(learner, batch), gradients(learner, batch)
        start, theta = decision_parameters(learner), adapted_parameters(learner, batch)
        embedded = learner.network.embed(batch)
        score = learner.predict(batch).score
        for user, own in enumerate(theta):
            z = functional_call(learner.network, unflat(own, start), (embedded, batch.query))
            rows = batch.query.user == user
            torch.testing.assert_close(score[rows], z[rows, 0], rtol=1e-10, atol=1e-10)
        moved = alpha.square() * g.square().sum(1)
        torch.testing.assert_close((theta - flat(start)).square().sum(1), moved)
        pairs = torch.cdist(theta, theta).square()
        assert (pairs <= 2 * (moved[:, None] + moved) * (1 + 1e-9)).all()
        regulariser = (alpha * g.square().sum(1)).mean()
        assert mean_squared_distance(theta) <= 4 * LR_MAX * regulariser

    @pytest.mark.parametrize("share", [1.0, 0.5])
    def test_it_is_met_by_two_users_with_opposite_gradients_at_the_largest_rate(
        self, share: float
    ) -> None:
        """Two users of one profile and one item, one liking it by as much as the other does not.

        At a share of lr_max the distance is that share of the bound.
        """
        learner = build_paml(lr_max=LR_MAX).double()
        last = learner.learning_rate.mlp[-1]
        torch.nn.init.zeros_(last.weight)  # type: ignore[arg-type]
        torch.nn.init.constant_(last.bias, 50.0 if share == 1 else 0.0)  # type: ignore[arg-type]
        batch = opposed(learner)
        alpha, g = inner_rates(learner, batch), gradients(learner, batch)
        torch.testing.assert_close(g[0], -g[1])
        torch.testing.assert_close(alpha, torch.full_like(alpha, share * LR_MAX))
        theta = adapted_parameters(learner, batch)
        bound = 4 * LR_MAX * (alpha * g.square().sum(1)).mean()
        assert bound > 0.01
        torch.testing.assert_close(mean_squared_distance(theta), share * bound, rtol=1e-9, atol=0)


def opposed(learner: PAML) -> Batch:
    """Two users of one profile who rate one item 1 above and 1 below its score."""
    train = RATINGS.folds.train
    codes, values = train.codes[[0, 0]], train.values[[0, 0]]
    rows = dataclasses.replace(make_rows([1, 1], codes, 1, seed=0), item=torch.tensor([3, 3]))
    both = Episodes(torch.arange(2), codes, values, rows, rows)
    batch = in_double(take(both, range(2)))
    z = learner.network(learner.network.embed(batch), batch.support)[:, 0].detach()
    target = z + torch.tensor([1.0, -1.0], dtype=torch.float64)
    return dataclasses.replace(batch, support=dataclasses.replace(batch.support, target=target))
