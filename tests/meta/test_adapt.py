"""The users' steps, all at once, against a plain loop over users."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from pipeline_lib.episodes.batch import Batch
from pipeline_lib.meta.adapt import adapt
from pipeline_lib.meta.rates import UserRates
from pipeline_lib.methods.base import Learner, Method
from tests.combinations import Combination, each_combination
from tests.conftest import one_in
from tests.meta.per_user_reference import assert_near, gradients, reference
from tests.worlds import ADAPTS, CASES, HEADS, KINDS, ORDERS, TINY, WAYS, WIDE, Adapt, Setup, World

torch.set_num_threads(1)  # on tensors this small a second thread only waits

each_way = pytest.mark.parametrize("setup", WAYS.values(), ids=WAYS)


def placed_scores(learner: Method, batch: Batch) -> Tensor:
    """Scores in the order of the fold's query rows."""
    score = learner.predict(batch).score
    return torch.full_like(score, torch.nan).index_copy(0, batch.query.position, score)


def placed_losses(learner: Learner, batch: Batch) -> Tensor:
    """Losses in the order of the fold's users."""
    losses = learner.losses(batch)
    return torch.full_like(losses, torch.nan).index_copy(0, batch.users, losses)


def assert_equals_reference(setup: Setup, world: World, tolerance: float = 1e-10) -> None:
    """Compare every user's loss and the outer gradient of every parameter."""
    learner = setup.learner()
    expected = reference(setup, world, learner).losses()
    actual = placed_losses(learner, world.batch())
    assert_near(actual, expected, tolerance)
    own = gradients(actual, learner)
    for name, gradient in gradients(expected, learner).items():
        assert_near(own[name], gradient, tolerance)


@each_combination(KINDS, HEADS, ORDERS, ADAPTS, [1, 2, 3], [(4,), (4, 3), (4, WIDE, 3)])
def test_losses_and_gradients_equal_the_reference(combinations: list[Combination]) -> None:
    for *options, hidden in combinations:
        setup = replace(Setup(*options), hidden=hidden)
        assert_equals_reference(setup, setup.world(*TINY))


@each_combination(KINDS, ORDERS, ADAPTS)
def test_several_values_of_a_users_feature_equal_the_reference(
    combinations: list[Combination],
) -> None:
    for kind, order, adapts in combinations:
        setup = Setup(kind, order=order, adapt=adapts)
        world = setup.world(*CASES["very different sizes"]).with_slots()
        assert (world.episodes.values == 0.5).sum() >= 4
        assert_equals_reference(setup, world)


@each_combination(WAYS, ORDERS, CASES)
def test_any_case_equals_the_reference(combinations: list[Combination]) -> None:
    for way, order, case in combinations:
        setup = replace(WAYS[way], order=order)
        assert_equals_reference(setup, setup.world(*CASES[case]))


@each_way
def test_a_large_inner_rate_equals_the_reference(setup: Setup) -> None:
    for order in ORDERS:
        large = replace(setup, order=order, rate=0.5)
        assert_equals_reference(large, large.world([1, 30, 3, 12, 7], [4, 1, 9, 2, 5]))


@pytest.mark.parametrize("kind", KINDS)
def test_users_who_all_share_two_items_equal_the_reference(kind: str) -> None:
    for what in ADAPTS:
        setup = Setup(kind, adapt=what)
        assert_equals_reference(setup, setup.world([3, 8, 1, 5], [2, 2, 6, 1], items=2))


@pytest.mark.parametrize("kind", KINDS)
def test_items_without_any_code_equal_the_reference(kind: str) -> None:
    for what in ADAPTS:
        setup = Setup(kind, adapt=what)
        world = setup.world([3, 2], [2, 4], items=1)
        assert len(world.catalogue.codes) == 0
        assert_equals_reference(setup, world)


@one_in(2)
@given(
    counts=st.lists(st.tuples(st.integers(1, 12), st.integers(1, 6)), min_size=1, max_size=12),
    seed=st.integers(0, 2**32 - 1),
    setup=st.builds(
        Setup,
        kind=st.sampled_from(KINDS),
        head=st.sampled_from(list(HEADS)),
        order=st.sampled_from(ORDERS),
        adapt=st.sampled_from(ADAPTS),
        steps=st.integers(1, 3),
        rate=st.floats(1e-6, 0.2),
        hidden=st.lists(st.integers(3, WIDE + 3), min_size=1, max_size=3).map(tuple),
    ),
)
def test_any_ragged_shape_equals_the_reference(
    counts: list[tuple[int, int]], seed: int, setup: Setup
) -> None:
    support, query = zip(*counts, strict=True)
    assert_equals_reference(setup, setup.world(support, query, seed))


@each_combination(KINDS, ORDERS, ADAPTS, [1, 2])
def test_scores_equal_the_reference_and_need_no_graph(combinations: list[Combination]) -> None:
    for kind, order, what, steps in combinations:
        assert_scores_equal_reference(Setup(kind, order=order, adapt=what, steps=steps))


def assert_scores_equal_reference(setup: Setup) -> None:
    learner, world = setup.learner(), setup.world(*CASES["one query row each"])
    expected = reference(setup, world, learner).scores()
    with_graph = placed_scores(learner, world.batch())
    assert_near(with_graph, expected, 1e-10)
    with torch.no_grad():
        prediction = learner.predict(world.batch())
        score = placed_scores(learner, world.batch())
    assert torch.equal(score, with_graph)
    assert not prediction.score.requires_grad
    assert not any(values.requires_grad for values in prediction.diagnostics.values())
    assert all(p.grad is None and p.requires_grad for p in learner.parameters())


@each_way
def test_both_orders_give_the_same_scores(setup: Setup) -> None:
    batch = setup.world(*CASES["three blocks"]).batch()
    first, second = (replace(setup, order=o).learner().predict(batch).score for o in ORDERS)
    assert torch.equal(first, second)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("adapt", ADAPTS)
def test_the_order_changes_every_gradient_but_that_of_the_rates(kind: str, adapt: Adapt) -> None:
    """The gradient that a step scales does not depend on its rate, so the rate's is the same.

    The embeddings from which a rate is computed count as the network's.
    """
    setup = Setup(kind, adapt=adapt)
    batch = setup.world(*CASES["three blocks"]).batch()
    learners = [replace(setup, order=order).learner() for order in ORDERS]
    first, second = (gradients(learner.losses(batch), learner) for learner in learners)
    relative = {n: float((first[n] - g).norm() / g.norm()) for n, g in second.items()}
    rates = {n for n in relative if not n.startswith("network.")}
    assert all((relative[n] < 1e-12) if n in rates else (relative[n] > 1e-3) for n in relative)
    assert bool(rates) == (kind != "melu")


@each_way
def test_an_inner_rate_of_zero_gives_unadapted_outputs(setup: Setup) -> None:
    learner, batch = setup.learner(), setup.world(*CASES["three blocks"]).batch()
    rates = UserRates(torch.zeros(len(batch), dtype=torch.float64))
    embedded = learner.network.embed(batch)
    adapted = adapt(learner.network, learner.head, embedded, batch, rates, learner.loop)
    assert_near(adapted.outputs, learner.network(embedded, batch.query), 1e-14)


@each_way
def test_a_positive_inner_rate_changes_every_score(setup: Setup) -> None:
    learner, batch = setup.learner(), setup.world(*CASES["three blocks"]).batch()
    unadapted = learner.head.score(learner.network(learner.network.embed(batch), batch.query))
    assert ((learner.predict(batch).score - unadapted).abs() > 1e-6).all()


@each_way
@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_users_changes_no_score(setup: Setup, seed: int) -> None:
    learner, world = setup.learner(), setup.world(*CASES["three blocks"])
    users = torch.randperm(len(world.episodes), generator=torch.Generator().manual_seed(seed))
    expected = placed_scores(learner, world.batch())
    assert_near(placed_scores(learner, world.batch(users)), expected, 1e-13)


@each_way
def test_single_precision_is_near_double_precision(setup: Setup) -> None:
    """Scores and gradients within 2e-6 of the largest, at up to 200 support rows."""
    learner, world = setup.learner(), setup.world(*CASES["very different sizes"])
    score = learner.predict(world.batch()).score
    gradient = gradients(learner.losses(world.batch()), learner)
    learner.float()
    batch = world.single().batch()
    single = learner.predict(batch).score
    assert single.dtype == torch.float32
    assert_near(single, score, 2e-6)
    for name, own in gradients(learner.losses(batch), learner).items():
        assert_near(own, gradient[name], 2e-6)


@pytest.mark.parametrize("unknown", ["codes", "values"])
@pytest.mark.parametrize("steps", [1, 2, 3])
def test_unknown_values_do_not_adapt(unknown: str, steps: int) -> None:
    """With nothing known of users and items there is nothing but the layers to adapt."""
    setup = Setup(steps=steps)
    world = setup.world([3, 2], [2, 4], items=1)
    episodes, zero = world.episodes, torch.zeros_like(world.episodes.codes)
    without = {
        "codes": replace(episodes, codes=zero),
        "values": replace(episodes, values=zero.double()),
    }
    batch = replace(world, episodes=without[unknown]).batch()
    decision, everything = (replace(setup, adapt=a).learner().predict(batch).score for a in ADAPTS)
    assert_near(everything, decision, 1e-13)
