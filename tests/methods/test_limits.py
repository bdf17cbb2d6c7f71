"""What a method becomes where one of its settings reaches a limit.

`exactly` means to the last bit, of losses, predictions and gradients alike.
"""

from collections.abc import Iterator
from typing import Any, cast

import pytest
import torch
from torch import Tensor

from pipeline_lib.episodes.batch import Batch
from pipeline_lib.methods.at_paml import ATPAML
from pipeline_lib.methods.inner_loop import AdaptiveLearner
from pipeline_lib.methods.paml import PAML
from tests.methods.world import (
    RATINGS,
    WORLDS,
    World,
    build_at_paml,
    build_learner,
    build_paml,
    in_double,
    state_bytes,
    take_all,
    train,
)

TRAIN, TEST = take_all(RATINGS.folds.train), take_all(RATINGS.test)
Batches = tuple[Batch, Batch]
Changes = dict[str, Any]
WAYS: list[Changes] = [
    {},
    {"order": "first"},
    {"inner_steps": 3},
    {"adapt": "all"},
    {"inner_steps": 2, "adapt": "all", "order": "first"},
]
SLOW = pytest.mark.slow
each_way = pytest.mark.parametrize("way", WAYS, ids=str)


def pair(
    kinds: tuple[str, str], *changes: Changes, world: World = RATINGS
) -> tuple[AdaptiveLearner, AdaptiveLearner]:
    """Two learners of one seed, hence with the same network."""
    first, second = (build_learner(k, world, **c) for k, c in zip(kinds, changes, strict=True))
    return first, second


def gradients(learner: AdaptiveLearner, losses: Tensor) -> Iterator[Tensor]:
    """The gradients of the preference network, which all learners have."""
    return iter(torch.autograd.grad(losses.mean(), list(learner.network.parameters())))


def assert_same(
    left: AdaptiveLearner, right: AdaptiveLearner, batches: Batches = (TRAIN, TEST), at: float = 0
) -> None:
    """Hold losses, gradients and predictions within `at`, absolutely and relatively."""
    train, test = batches

    def close(actual: Tensor, expected: Tensor) -> None:
        torch.testing.assert_close(actual, expected, rtol=at, atol=at)

    losses = left.losses(train), right.losses(train)
    close(*losses)
    for both in zip(gradients(left, losses[0]), gradients(right, losses[1]), strict=True):
        close(*both)
    close(left.predict(test).score, right.predict(test).score)


def set_constant_rate(learner: PAML, logit: float) -> float:
    """Make the learning-rate network answer lr_max · sigmoid(logit) to all, and return that."""
    last = cast("torch.nn.Linear", learner.learning_rate.mlp[-1])
    torch.nn.init.zeros_(last.weight)
    torch.nn.init.constant_(last.bias, logit)
    rate = learner.learning_rate(torch.zeros(1, learner.network.user_width))
    return float(rate.detach())


class TestREGPAML:
    @each_way
    def test_without_gamma_it_is_paml_exactly(self, way: Changes) -> None:
        assert_same(*pair(("reg-paml", "paml"), way | {"gamma": 0}, way))

    @pytest.mark.parametrize(
        "way", [WAYS[0], *(pytest.param(way, marks=SLOW) for way in WAYS[1:])], ids=str
    )
    def test_without_gamma_it_trains_to_the_bytes_of_paml(self, way: Changes) -> None:
        (left, history), (right, other) = (
            train("reg-paml", gamma=0, epochs=3, **way),
            train("paml", epochs=3, **way),
        )
        assert state_bytes(left) == state_bytes(right)
        assert [e.train_loss for e in history] == [e.train_loss for e in other]

    @each_way
    def test_its_loss_goes_to_that_of_paml_in_proportion_to_gamma(self, way: Changes) -> None:
        """In float64, so that all differences hold to 1e-9."""
        gammas: list[Changes] = [{"gamma": gamma} for gamma in (1, 0.1, 1e-3)]
        batch = in_double(TRAIN)
        paml = build_learner("paml", **way).double().losses(batch)
        others = [build_learner("reg-paml", **way | g).double().losses(batch) for g in gammas]
        whole = others[0] - paml
        assert (whole > 0).all()
        for gamma, losses in zip((0.1, 1e-3), others[1:], strict=True):
            torch.testing.assert_close(losses - paml, gamma * whole, rtol=1e-9, atol=1e-9)


class TestPAML:
    @each_way
    @pytest.mark.parametrize("logit", [2.0, *(pytest.param(x, marks=SLOW) for x in (-3.0, 0.0))])
    def test_with_a_constant_rate_it_is_melu_exactly(self, way: Changes, logit: float) -> None:
        paml = build_paml(**way)
        rate = set_constant_rate(paml, logit)
        melu = build_learner("melu", inner_lr=rate, **way)
        assert_same(paml, melu)
        inner_lr = paml.predict(TEST).diagnostics.get("inner_lr")
        assert inner_lr is not None
        assert inner_lr.unique().tolist() == [pytest.approx(rate, rel=1e-7)]


class TestSharedPAML:
    """With one learned rate PAML is MeLU with that rate, but for learning it."""

    def test_it_begins_as_melu_with_half_the_bound(self) -> None:
        left, right = build_learner("shared-paml", lr_max=0.2), build_learner("melu", inner_lr=0.1)
        weights = {k: v for k, v in left.state_dict().items() if k != "logit"}
        right.load_state_dict(weights)
        torch.testing.assert_close(left.losses(TRAIN), right.losses(TRAIN))

    def test_all_users_get_the_rate_that_was_learned(self) -> None:
        method, _ = train("shared-paml", epochs=2, lr_max=0.2)
        rates = method.predict(TEST).diagnostics.get("inner_lr")
        assert rates is not None
        assert rates.detach().unique().numel() == 1
        assert 0 < float(rates[0].detach()) < 0.2
        assert abs(float(rates[0].detach()) - 0.1) > 1e-4


class TestShrinkage:
    """Rates that grow with support rows; RATINGS' test users have various numbers of them."""

    @pytest.mark.parametrize("kind", ["paml", "reg-paml", "shared-paml"])
    def test_a_rate_is_the_plain_one_times_n_over_n_plus_lambda(self, kind: str) -> None:
        plain, shrunk = build_learner(kind), build_learner(kind, shrinkage=3.0)
        shrunk.load_state_dict(plain.state_dict(), strict=False)
        whole, less = (m.predict(TEST).diagnostics["inner_lr"].detach() for m in (plain, shrunk))
        rows = TEST.support.counts.float()
        assert len(rows.unique()) > 2
        torch.testing.assert_close(less, whole * rows / (rows + 3))

    def test_without_rows_that_differ_in_weight_it_is_paml(self) -> None:
        """λ near 0: a user of one row has all of the rate."""
        plain, shrunk = build_learner("paml"), build_learner("paml", shrinkage=1e-7)
        shrunk.load_state_dict(plain.state_dict(), strict=False)
        torch.testing.assert_close(plain.losses(TRAIN), shrunk.losses(TRAIN))

    def test_lambda_is_learned_and_stays_positive(self) -> None:
        method, _ = train("shared-paml", epochs=3, lr_max=0.2, shrinkage=3.0)
        learned = method.state_dict()["shrink.log"].exp()
        assert learned > 0
        assert abs(float(learned) - 3) > 1e-4


class TestMetaSGD:
    @each_way
    @pytest.mark.parametrize(
        "world", [WORLDS[-1], *(pytest.param(w, marks=SLOW) for w in WORLDS[:-1])], ids=str
    )
    def test_with_all_rates_equal_it_is_melu(self, world: World, way: Changes) -> None:
        """In float64 within 1e-12: one step of MeLU's takes another way through the layers."""
        changes = way | {"inner_lr": 2**-4}  # a rate that float32 holds exactly
        left, right = pair(("meta-sgd", "melu"), changes, changes, world=world)
        train, test = (in_double(take_all(e)) for e in (world.folds.train, world.test))
        assert_same(left.double(), right.double(), (train, test), 1e-12)

    def test_with_rates_that_differ_it_is_not(self) -> None:
        left, right = pair(("meta-sgd", "melu"), {"inner_lr": 0.05}, {"inner_lr": 0.05})
        rates = left.get_submodule("weight_rates")
        torch.nn.init.zeros_(next(rates.parameters()))
        assert not torch.isclose(left.losses(TRAIN), right.losses(TRAIN), rtol=1e-3).all()


class TestEveryRate:
    @each_way
    @pytest.mark.parametrize("kind", ["melu", "meta-sgd", "transfer", "paml", "at-paml"])
    def test_next_to_0_it_leaves_the_network_as_it_is(self, kind: str, way: Changes) -> None:
        """Within 1e-6: at 1e-12 no weight moves by what a float32 shows."""
        name = "lr_max" if "paml" in kind else "inner_lr"
        order = {"order": "first"} if kind == "transfer" else {}
        learner = build_learner(kind, **way | order | {name: 1e-12})
        plain = learner.head.score(learner.network(learner.network.embed(TEST), TEST.query))
        torch.testing.assert_close(learner.predict(TEST).score, plain, rtol=1e-6, atol=1e-6)

    @pytest.mark.parametrize("way", [{}, {"inner_steps": 2}, {"adapt": "all"}], ids=str)
    @pytest.mark.parametrize("kind", ["melu", "meta-sgd", "paml", "reg-paml", "at-paml"])
    def test_first_and_second_order_differ_in_gradients_alone(
        self, kind: str, way: Changes
    ) -> None:
        first, second = pair((kind, kind), way | {"order": "first"}, way | {"order": "second"})
        losses = first.losses(TRAIN), second.losses(TRAIN)
        torch.testing.assert_close(*losses, rtol=1e-6, atol=0)
        both = zip(gradients(first, losses[0]), gradients(second, losses[1]), strict=True)
        assert not all(torch.allclose(*grads, rtol=1e-3) for grads in both)

    @pytest.mark.parametrize("way", [{"inner_steps": 2}, {"adapt": "all"}], ids=str)
    @pytest.mark.parametrize("kind", ["melu", "meta-sgd", "transfer", "paml", "at-paml"])
    def test_more_steps_and_more_that_adapts_move_the_scores(self, kind: str, way: Changes) -> None:
        plain, other = pair((kind, kind), {}, way)
        scores = plain.predict(TEST).score, other.predict(TEST).score
        assert not torch.isclose(*scores, rtol=1e-4, atol=0).any()


def warmed_up(**changes: object) -> ATPAML:
    """AT-PAML with the training users' nodes, whose rates differ."""
    learner = build_at_paml(memory_size=40, **changes)
    users, width = TRAIN.users, learner.network.user_width
    points = torch.randn(len(users), width, generator=torch.Generator().manual_seed(0))
    learner.memory.store(users, points, torch.linspace(0.01, 0.05, len(users)), "replace")
    return learner


class TestATPAML:
    @each_way
    def test_with_an_empty_memory_it_is_paml_exactly(self, way: Changes) -> None:
        changes = way | {"lr_max": 0.02}
        assert_same(build_at_paml(**changes), build_paml(**changes))

    @each_way
    def test_its_warm_up_loss_is_that_of_melu_exactly(self, way: Changes) -> None:
        learner = build_at_paml(**way, warmup_epochs=1, warmup_lr=0.05)
        melu = build_learner("melu", **way, inner_lr=0.05)
        assert torch.equal(learner.losses(TRAIN), melu.losses(TRAIN))

    def test_the_warm_up_ends_after_its_epochs(self) -> None:
        learner = build_at_paml(warmup_epochs=2, warmup_lr=0.05)
        melu = build_learner("melu", inner_lr=0.05).losses(TRAIN)
        same = []
        for epoch in (1, 2, 3, 4):
            learner.begin_epoch(epoch)
            same.append(torch.equal(learner.losses(TRAIN), melu))
        assert same == [True, True, False, False]

    def test_with_a_memory_it_is_not_paml(self) -> None:
        learner, paml = warmed_up(), build_learner("paml", lr_max=0.02)
        assert not torch.isclose(learner.losses(TRAIN), paml.losses(TRAIN), rtol=1e-3).any()

    @pytest.mark.parametrize("change", [{"sigma": 1e30}, {"delta": 1e30}], ids=str)
    def test_with_a_great_sigma_or_delta_it_is_paml_exactly(self, change: Changes) -> None:
        assert_same(warmed_up(**change), build_paml(lr_max=0.02))

    def test_without_a_distance_all_neighbours_count_alike(self) -> None:
        """δ = 1e-12, σ = 1e-12 and all 40 nodes: the mean over the others' rates."""
        learner = warmed_up(delta=1e-12, sigma=1e-12, neighbours=40)
        learner.losses(TRAIN)
        assert learner.last is not None
        alone = learner.learning_rate(learner.last.embeddings)
        rates = torch.linspace(0.01, 0.05, 40)
        torch.testing.assert_close(learner.last.rates, alone + (rates.sum() - rates) / 39)
