"""The theory of Yu et al. 2021: what the paper states, and what is true where that is less or more.

Two users, or groups, with weights p₁, p₂ and targets x₁, x₂ share one parameter θ. Each loss is
L_i(θ) = (θ − x_i)², each takes one step θ_i = θ − α_i ∇L_i(θ), and θ* is where the total loss
Σ p_i L_i(θ_i) is least. θ* is found numerically.
"""

import math
from dataclasses import dataclass
from itertools import combinations

import pytest
import torch
from hypothesis import assume, example, given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from torch import Tensor

from pipeline_lib.meta.memory import LookUp
from pipeline_lib.meta.neighbours.exact import ExactIndex
from tests.meta.user_losses import gauss

HALF = 0.5  # at this rate one step reaches the target
CLOSE = 1e-6  # of numerical optima


@dataclass(frozen=True)
class Two:
    """Two users' weights and targets."""

    p: tuple[float, float]
    x: tuple[float, float]

    def errors(self, theta: float, rates: tuple[float, float]) -> tuple[float, float]:
        """Both users' losses after a step from θ."""
        first, second = (
            (theta - rate * 2 * (theta - x) - x) ** 2 for rate, x in zip(rates, self.x, strict=True)
        )
        return first, second

    def total(self, theta: float, rates: tuple[float, float]) -> float:
        return sum(p * e for p, e in zip(self.p, self.errors(theta, rates), strict=True))

    def optimum(self, rates: tuple[float, float]) -> float:
        """The θ with the least total loss."""
        found = minimize_scalar(lambda theta: self.total(theta, rates), bracket=(-1.0, 1.0))
        return float(found.x)

    def at_optimum(self, rates: tuple[float, float]) -> tuple[float, float, float]:
        """The total loss and both users' at θ*."""
        theta = self.optimum(rates)
        return self.total(theta, rates), *self.errors(theta, rates)


weights = st.integers(1, 20)
targets = st.floats(-3, 3)
rates = st.floats(-1, 2).filter(lambda rate: abs(rate - HALF) > 0.05)


@st.composite
def two_users(draw: st.DrawFn) -> Two:
    """Users whose targets lie apart, in either order."""
    one, other = draw(targets), draw(targets)
    assume(abs(one - other) > 0.1)
    return Two((draw(weights), draw(weights)), (one, other))


class TestLemma1:
    """With one rate for both, the larger group is served first: p₁ ≥ p₂ gives it no larger a loss.

    For α ≠ ½ and x₁ ≠ x₂ the other direction holds, too, and the order of x does not matter.
    """

    @given(two=two_users(), rate=rates)
    def test_the_larger_group_has_the_smaller_loss_and_only_the_larger(
        self, two: Two, rate: float
    ) -> None:
        _, first, second = two.at_optimum((rate, rate))
        if two.p[0] == two.p[1]:
            assert first == pytest.approx(second, rel=CLOSE)
        else:
            assert (first < second) == (two.p[0] > two.p[1])

    @given(two=two_users(), rate=rates)
    def test_the_optimum_is_the_weighted_mean_whatever_the_rate(
        self, two: Two, rate: float
    ) -> None:
        mean = sum(p * x for p, x in zip(two.p, two.x, strict=True)) / sum(two.p)
        assert two.optimum((rate, rate)) == pytest.approx(mean, abs=CLOSE)

    @given(two=two_users(), theta=targets)
    def test_at_one_half_both_losses_are_nothing_for_every_start(
        self, two: Two, theta: float
    ) -> None:
        """So a shared rate reaches 0, too: the lemmas alone do not part it from personal ones."""
        assert two.errors(theta, (HALF, HALF)) == pytest.approx((0, 0), abs=1e-12)


def improves(two: Two, shared: float, other: float) -> bool:
    """Return whether user 2's loss and the total are no larger when user 2 has another rate."""
    before, after = two.at_optimum((shared, shared)), two.at_optimum((shared, other))
    return all(
        new <= old * (1 + CLOSE) for old, new in ((before[0], after[0]), (before[2], after[2]))
    )


def corrected_witness(two: Two, shared: float) -> float:
    return (1 - (1 - 2 * shared) * math.sqrt(two.p[1] / two.p[0])) / 2


def printed_witness(two: Two, shared: float) -> float:
    """As in the paper's proof, its undefined q read as p."""
    return ((2 * shared + 1) * math.sqrt(two.p[0] / two.p[1]) - 1) / 2


class TestLemma2:
    """There are rates of their own with which user 2 and the total lose no more than with one rate.

    With α₁ = α ≠ ½ kept, p₁ ≥ p₂ and x₁ ≠ x₂, they are all α₂ with |1 − 2α₂| ≤ |1 − 2α|.
    """

    @given(two=two_users(), shared=rates, other=st.floats(-1, 2))
    @example(two=Two((3, 1), (1.0, 0.0)), shared=0.1, other=0.1)
    @example(two=Two((3, 1), (1.0, 0.0)), shared=0.1, other=0.9)
    def test_these_rates_and_no_others_improve_both(
        self, two: Two, shared: float, other: float
    ) -> None:
        assume(two.p[0] >= two.p[1])
        reach, limit = abs(1 - 2 * other), abs(1 - 2 * shared)
        if not math.isclose(reach, limit, rel_tol=1e-9):
            assume(abs(reach - limit) > 1e-3)
        assert improves(two, shared, other) == (reach <= limit * (1 + 1e-9))

    @given(two=two_users(), shared=rates, other=rates)
    def test_the_optimum_and_its_loss_have_a_closed_form(
        self, two: Two, shared: float, other: float
    ) -> None:
        (p1, p2), (x1, x2) = two.p, two.x
        own = (shared, other)
        c1, c2 = ((1 - 2 * rate) ** 2 for rate in own)
        share = c1 * p1 + c2 * p2
        assert two.optimum(own) == pytest.approx((c1 * p1 * x1 + c2 * p2 * x2) / share, abs=CLOSE)
        loss = c1 * p1 * c2 * p2 * (x1 - x2) ** 2 / share
        assert two.at_optimum(own)[0] == pytest.approx(loss, rel=CLOSE)

    @given(two=two_users(), shared=rates)
    def test_the_corrected_witness_always_works(self, two: Two, shared: float) -> None:
        assume(two.p[0] >= two.p[1])
        assert improves(two, shared, corrected_witness(two, shared))

    @given(two=two_users(), shared=st.floats(0, 0.45))
    def test_the_printed_witness_works_where_the_groups_are_not_too_unlike(
        self, two: Two, shared: float
    ) -> None:
        assume(two.p[0] >= two.p[1])
        limit = ((3 - 2 * shared) / (1 + 2 * shared)) ** 2
        ratio = two.p[0] / two.p[1]
        assume(abs(ratio / limit - 1) > 1e-2)
        assert improves(two, shared, printed_witness(two, shared)) == (ratio <= limit)

    def test_the_printed_witness_fails_for_nine_to_one(self) -> None:
        two = Two((0.9, 0.1), (1.0, 0.0))
        before, after = two.at_optimum((0.1, 0.1)), two.at_optimum((0.1, printed_witness(two, 0.1)))
        assert (before[0], before[2]) == pytest.approx((0.0576, 0.5184), abs=1e-4)
        assert (after[0], after[2]) == pytest.approx((0.177, 1.227), abs=1e-3)


def spread(losses: Tensor) -> float:
    """Σ over pairs of |L_i − L_j|."""
    return sum(abs(float(a - b)) for a, b in combinations(losses, 2))


@dataclass(frozen=True)
class Bowls:
    """Convex quadratics L_i(θ) = M_i/2 ‖θ − x_i‖² + c_i of users, at one θ."""

    bends: Tensor
    distances: Tensor  # θ − x_i, [users, width]
    floors: Tensor

    def losses(self, distances: Tensor) -> Tensor:
        return self.bends / 2 * distances.square().sum(1) + self.floors

    @property
    def squares(self) -> Tensor:
        """‖∇L_i(θ)‖², [users]."""
        return self.bends.square() * self.distances.square().sum(1)

    def stepped(self, rate: Tensor) -> Tensor:
        return self.losses((1 - rate * self.bends)[:, None] * self.distances)


def bowls(seed: int, users: int) -> Bowls:
    return Bowls(gauss(seed, users).abs() + 0.1, gauss(seed + 1, users, 4), gauss(seed + 2, users))


class TestProposition1:
    """The spread of adapted losses is at most (|U| − 1) Σ ‖∇L_i(θ)‖² |α_i|, plus that at θ.

    So for convex losses with gradients M-Lipschitz and 0 ≤ α_i ≤ 4/M. The form for any loss, with
    a term of M, is held on the engine. The paper prints it without the spread at θ.
    """

    @given(seed=st.integers(0, 999), users=st.integers(2, 6), share=st.floats(0, 1))
    def test_for_convex_quadratics_up_to_four_over_m(
        self, seed: int, users: int, share: float
    ) -> None:
        own = bowls(seed, users)
        rate = (
            share
            * 4
            / own.bends.max()
            * torch.rand(users, generator=torch.Generator().manual_seed(seed)).double()
        )
        bound = (users - 1) * float((rate * own.squares).sum()) + spread(own.losses(own.distances))
        assert spread(own.stepped(rate)) <= bound * (1 + 1e-9)

    @pytest.mark.parametrize(("factor", "held"), [(3.99, True), (4.01, False)])
    def test_four_over_m_is_sharp(self, factor: float, held: bool) -> None:
        """One user with a bowl, one whose loss is 0 everywhere."""
        own = Bowls(torch.tensor([2.0, 0.0]), torch.tensor([[1.0], [1.0]]), torch.zeros(2))
        rate = torch.tensor([factor / 2, 0.0])
        bound = float((rate * own.squares).sum()) + spread(own.losses(own.distances))
        assert (spread(own.stepped(rate)) <= bound) == held

    def test_without_the_spread_at_the_start_it_is_false(self) -> None:
        """Two users at the bottom of their bowls, which lie at different heights."""
        own = Bowls(torch.ones(2), torch.zeros(2, 3), torch.tensor([0.0, 1.0]))
        assert float(own.squares.sum()) == 0
        assert spread(own.stepped(torch.full((2,), 0.1))) == 1

    @given(seed=st.integers(0, 999), users=st.integers(2, 6))
    def test_where_losses_are_lipschitz_in_embeddings_the_rest_is_bounded_by_them(
        self, seed: int, users: int
    ) -> None:
        """|L_i − L_j| ≤ κ ‖h_i − h_j‖ at θ gives κ |U| (|U| − 1) max ‖h‖."""
        h, losses = gauss(seed, users, 3), gauss(seed + 1, users)
        far = torch.pdist(h)
        kappa = float((torch.pdist(losses[:, None]) / far).max())
        rest = spread(losses)
        assert rest <= kappa * float(far.sum()) * (1 + 1e-9)
        largest = float(torch.linalg.vector_norm(h, dim=1).max())
        assert kappa * float(far.sum()) <= kappa * users * (users - 1) * largest * (1 + 1e-9)

    def test_without_kappa_that_is_false(self) -> None:
        """Two users at the bottom of their bowls, 10 apart in height, 1 apart in embeddings."""
        own = Bowls(torch.ones(2), torch.zeros(2, 3), torch.tensor([0.0, 10.0]))
        h = torch.eye(2)[:, :1]
        assert float(own.squares.sum()) == 0
        assert spread(own.stepped(torch.full((2,), 0.1))) > float(torch.pdist(h).sum()) == 1


def gram(left: Tensor, right: Tensor, precision: float) -> Tensor:
    """k(a, b) = exp(−precision ‖a − b‖²) of every two vectors."""
    return torch.exp(-precision * torch.cdist(left, right).square())


class TestAppendixB:
    """Users near in the kernel's distance √(2 − 2 k(a, b)) are those who are most similar."""

    @given(seed=st.integers(0, 999), precision=st.floats(0.05, 5))
    def test_no_function_of_the_unit_ball_parts_two_users_by_more(
        self, seed: int, precision: float
    ) -> None:
        """g = Σ c_m k(x_m, ·), with norm 1."""
        places, factors = gauss(seed, 8, 3), gauss(seed + 1, 8)
        a, b = gauss(seed + 2, 2, 1, 3)
        norm = (factors @ gram(places, places, precision) @ factors).sqrt()
        values = [float(factors @ gram(places, x, precision)[:, 0] / norm) for x in (a, b)]
        bound = math.sqrt(2 - 2 * float(gram(a, b, precision)))
        assert abs(values[0] - values[1]) <= bound * (1 + 1e-6)

    @given(seed=st.integers(0, 999), precision=st.floats(0.05, 5))
    def test_it_is_attained_by_the_difference_of_their_kernels(
        self, seed: int, precision: float
    ) -> None:
        """(k(a, ·) − k(b, ·)) / ‖·‖ has norm 1 and parts a from b by the bound."""
        both = gauss(seed, 2, 3)
        table, factors = gram(both, both, precision), torch.tensor([1.0, -1.0]).double()
        square = float(factors @ table @ factors)
        gap = float((factors @ table) @ factors) / math.sqrt(square)
        assert gap == pytest.approx(math.sqrt(2 - 2 * float(table[0, 1])), rel=1e-9)

    @given(seed=st.integers(0, 999))
    def test_the_search_finds_the_most_similar_first(self, seed: int) -> None:
        points, users = gauss(seed, 30, 4).float(), gauss(seed + 1, 5, 4).float()
        slots = ExactIndex().search(points, users, 30)
        found = LookUp(slots, torch.ones_like(slots, dtype=torch.bool), points[slots], slots)
        similarity = found.similarity(users, 0.5)
        assert (similarity[:, 1:] <= similarity[:, :-1] * (1 + 1e-5)).all()

    def test_a_sum_over_components_cannot_tell_permuted_users(self) -> None:
        """Eq. 3 as printed compares the components of h; the next line puts in the vector."""
        a, b = torch.tensor([0.0, 1.0, 3.0]), torch.tensor([3.0, 0.0, 1.0])
        own, other = (gram(a[:, None], x[:, None], 1.0).mean() for x in (a, b))
        assert float(own + own - 2 * other) == pytest.approx(0, abs=1e-6)
        assert float(gram(a[None], b[None], 1.0)) < 1e-5
