"""Every user's squared gradient, as REG-PAML adds it, against autograd user by user."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from pipeline_lib.episodes.batch import Batch
from pipeline_lib.meta.adapt import adapt
from pipeline_lib.methods.inner_loop import AdaptiveLearner
from tests.conftest import one_in
from tests.meta.per_user_reference import assert_near, gradients, reference
from tests.worlds import ADAPTS, CASES, HEADS, WAYS, WIDE, Setup

torch.set_num_threads(1)  # on tensors this small a second thread only waits

each_way = pytest.mark.parametrize("setup", WAYS.values(), ids=WAYS)


def squares(learner: AdaptiveLearner, batch: Batch) -> Tensor:
    embedded = learner.network.embed(batch)
    rates = learner.rates(embedded.users, batch)
    adapted = adapt(learner.network, learner.head, embedded, batch, rates, learner.loop)
    return adapted.squared_gradients()


@one_in(2)
@given(
    support=st.lists(st.integers(1, 12), min_size=1, max_size=12),
    seed=st.integers(0, 2**32 - 1),
    setup=st.builds(
        Setup,
        kind=st.sampled_from(["melu", "meta-sgd"]),
        head=st.sampled_from(list(HEADS)),
        adapt=st.sampled_from(ADAPTS),
        steps=st.integers(1, 2),
        hidden=st.lists(st.integers(3, WIDE + 3), min_size=1, max_size=3).map(tuple),
    ),
)
def test_squares_and_their_gradients_equal_the_reference(
    support: list[int], seed: int, setup: Setup
) -> None:
    world = setup.world(support, [1] * len(support), seed)
    learner, batch = setup.learner(), world.batch()
    actual = squares(learner, batch)
    expected = reference(setup, world, learner).squares()[batch.users]
    assert_near(actual, expected, 1e-12)
    assert (actual >= 0).all()
    own = gradients(actual, learner)
    for name, gradient in gradients(expected, learner).items():
        assert_near(own[name], gradient, 1e-10)


@each_way
def test_differentiating_by_first_order_stops_at_the_squares(setup: Setup) -> None:
    batch = setup.world(*CASES["three blocks"]).batch()
    first, second = (
        squares(replace(setup, order=order).learner(), batch) for order in ("first", "second")
    )
    assert torch.equal(first, second)
    assert second.requires_grad
    assert not first.requires_grad


@each_way
def test_squares_belong_to_the_first_step(setup: Setup) -> None:
    """Neither the rate nor what follows the first step changes them."""
    batch = setup.world(*CASES["three blocks"]).batch()
    expected = squares(setup.learner(), batch)
    for other in (replace(setup, rate=0.5), replace(setup, steps=setup.steps + 1)):
        assert_near(squares(other.learner(), batch), expected, 1e-13)


@each_way
def test_a_perfect_user_has_nothing_to_regularise(setup: Setup) -> None:
    """A user whose support rows are what is predicted has no gradient; others have."""
    world, learner = setup.world([3, 4, 2], [1, 1, 1]), setup.learner()
    batch = world.batch()
    score = learner.head.score(learner.network(learner.network.embed(batch), batch.support))
    perfect = batch.support.user == 1
    target = torch.where(perfect, score.detach(), batch.support.target)
    changed = replace(batch, support=replace(batch.support, target=target))
    found = squares(learner, changed)
    assert found[1] < 1e-25
    assert (found[[0, 2]] > 1e-3).all()
    assert_near(found[[0, 2]], squares(learner, batch)[[0, 2]], 1e-13)
