"""The fast way through the inner loop and the general one."""

from dataclasses import replace
from itertools import product

import pytest
import torch
from torch import Tensor

from pipeline_lib.episodes.batch import Batch
from pipeline_lib.meta import adapt as adaptation
from pipeline_lib.meta.blocks import USERS_PER_BLOCK
from pipeline_lib.meta.many_steps import adapt_generally, make_model
from pipeline_lib.methods.inner_loop import AdaptiveLearner
from pipeline_lib.settings.methods.base import Order
from tests.combinations import Combination, each_combination
from tests.meta.per_user_reference import assert_near, gradients
from tests.operations import operations
from tests.worlds import ADAPTS, CASES, HEADS, KINDS, ORDERS, TINY, WAYS, WIDE, Setup

torch.set_num_threads(1)  # on tensors this small a second thread only waits

each_way = pytest.mark.parametrize("setup", WAYS.values(), ids=WAYS)
each_order = pytest.mark.parametrize("order", ORDERS)


def test_only_one_step_of_the_layers_alone_goes_the_fast_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        pytest.fail("the other way was taken")

    for kind, adapt, steps in product(KINDS, ADAPTS, [1, 2]):
        setup = Setup(kind, adapt=adapt, steps=steps)
        fast = adapt == "decision" and steps == 1
        with monkeypatch.context() as patch:
            patch.setattr(adaptation, "adapt_generally" if fast else "query_pass", refuse)
            setup.learner().losses(setup.world(*TINY).batch())


def go(learner: AdaptiveLearner, batch: Batch, *, fast: bool) -> tuple[Tensor, Tensor]:
    """Take a step; give the outputs of the query rows and the squared gradients."""
    network, embedded = learner.network, learner.network.embed(batch)
    rates = learner.rates(embedded.users, batch)
    if fast:
        adapted = adaptation.adapt(network, learner.head, embedded, batch, rates, learner.loop)
        return adapted.outputs, adapted.squared_gradients()
    model = make_model(network, embedded, batch, embeddings=False)
    outputs, gradient = adapt_generally(model, learner.head, rates, 1, learner.loop.order)
    return outputs, model.squares(gradient)


@each_combination(["paml", "meta-sgd"], HEADS, ORDERS, [(5,), (7, 5), (6, WIDE, 5)])
def test_both_ways_are_the_same_step(combinations: list[Combination]) -> None:
    for *options, hidden in combinations:
        assert_both_ways_are_the_same_step(replace(Setup(*options), hidden=hidden))


def assert_both_ways_are_the_same_step(setup: Setup) -> None:
    learner, batch = setup.learner(), setup.world(*CASES["three blocks"]).batch()
    (expected, squares), (outputs, own_squares) = (
        go(learner, batch, fast=fast) for fast in (False, True)
    )
    assert_near(outputs, expected, 1e-13)
    assert_near(own_squares, squares, 1e-13)
    target = batch.query.target
    slopes, own_slopes = (
        gradients(batch.query.mean(learner.head.loss(z, target)), learner)
        for z in (expected, outputs)
    )
    for name, slope in slopes.items():
        assert_near(own_slopes[name], slope, 1e-12)


@each_order
def test_equal_rates_of_weights_are_a_rate_of_users(order: Order) -> None:
    """Meta-SGD that starts with MeLU's rate starts as MeLU."""
    melu, meta_sgd = (Setup(k, order=order, rate=0.125).fresh() for k in ("melu", "meta-sgd"))
    batch = Setup().world(*CASES["three blocks"]).batch()
    expected, actual = melu.losses(batch), meta_sgd.losses(batch)
    assert_near(actual, expected, 1e-13)
    own = gradients(actual, meta_sgd)
    for name, gradient in gradients(expected, melu).items():
        assert_near(own[name], gradient, 1e-12)


def operations_of(users: int, setup: Setup) -> int:
    """Count the operations of one outer step, taking the batch included."""
    learner, world = setup.learner(), setup.world(range(2, users + 2), [3] * users)
    return operations(lambda: learner.losses(world.batch()).mean().backward()).total


@each_way
@each_order
def test_operations_do_not_grow_with_the_users_of_a_block(setup: Setup, order: Order) -> None:
    counts = {
        operations_of(users, replace(setup, order=order)) for users in (2, 5, USERS_PER_BLOCK)
    }
    assert len(counts) == 1, counts
    assert min(counts) > 100, "nothing was counted"
