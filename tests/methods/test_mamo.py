"""MAMO against a plain loop over users, and what its memories do."""

from typing import Any

import pytest
import torch
from torch import Tensor

from pipeline_lib.methods.mamo import MAMO
from tests.combinations import Combination, each_combination
from tests.meta.per_user_reference import assert_near, gradients
from tests.meta.test_adapt import placed_losses, placed_scores
from tests.methods.mamo_reference import SETTINGS, MAMOReference
from tests.methods.world import RATINGS, build, predict, take, take_all, train
from tests.worlds import CASES, HEADS, ORDERS, SMALL_CASES, Setup, World

torch.set_num_threads(1)  # on tensors this small a second thread only waits


def make(setup: Setup) -> MAMO:
    learner = setup.build(inner_lr=setup.rate, **SETTINGS)
    assert isinstance(learner, MAMO)
    return learner


def memories(learner: MAMO) -> dict[str, Tensor]:
    return {name: own.clone() for name, own in learner.memory.named_buffers()}


def reference(setup: Setup, world: World, learner: MAMO) -> MAMOReference:
    return MAMOReference(setup, world, dict(learner.named_parameters()), memories(learner))


@each_combination(HEADS, ORDERS, [1, 2], SMALL_CASES)
def test_losses_gradients_scores_and_memories_equal_the_reference(
    combinations: list[Combination],
) -> None:
    for head, order, steps, case in combinations:
        setup = Setup("mamo", head, order, steps=steps, hidden=(5,))
        assert_equals_reference(setup, setup.world(*SMALL_CASES[case]))


def assert_equals_reference(setup: Setup, world: World) -> None:
    learner = make(setup)
    plain = reference(setup, world, learner)
    assert_near(placed_scores(learner, world.batch()), plain.scores(), 1e-10)
    losses, expected = placed_losses(learner, world.batch()), plain.losses()
    assert_near(losses, expected, 1e-10)
    own = gradients(losses, learner)
    for name, gradient in gradients(expected, learner).items():
        assert_near(own[name], gradient, 1e-10)
    learner.after_step(learner.trace())
    for name, slots in plain.written().items():
        assert_near(memories(learner)[name], slots, 1e-10)


def test_a_second_batch_reads_what_the_first_wrote() -> None:
    setup = Setup("mamo")
    learner, world = make(setup), setup.world(*CASES["one query row each"])
    before = placed_losses(learner, world.batch())
    learner.after_step(learner.trace())
    after = placed_losses(learner, world.batch())
    assert not torch.isclose(after, before).any()
    assert_near(after, reference(setup, world, learner).losses(), 1e-10)


def test_training_writes_all_memories_and_prediction_none() -> None:
    learner, history = train("mamo", epochs=1)
    assert isinstance(learner, MAMO)
    fresh = build("mamo")
    assert isinstance(fresh, MAMO)
    written = memories(learner)
    for name, slots in memories(fresh).items():
        assert not torch.isclose(written[name], slots).all(), name
    predict(learner, RATINGS.test)
    assert all(torch.equal(slots, written[name]) for name, slots in memories(learner).items())
    sizes = {f"memory_{name}" for name in written}
    assert history[0].measures.keys() == sizes


def test_users_write_in_the_order_of_the_fold_however_a_batch_is_cut() -> None:
    whole, cut = build("mamo"), build("mamo")
    assert isinstance(whole, MAMO)
    assert isinstance(cut, MAMO)
    whole.losses(take(RATINGS.folds.train, [7, 2, 5, 3]))
    whole.after_step(whole.trace())
    traces = []
    for users in ([5, 7], [3, 2]):
        cut.losses(take(RATINGS.folds.train, users))
        traces.append(cut.trace())
    cut.after_step({name: torch.cat([t[name] for t in traces]) for name in traces[0]})
    for name, slots in memories(whole).items():
        torch.testing.assert_close(memories(cut)[name], slots)


def test_the_attention_is_reported() -> None:
    learner = build("mamo")
    attention = learner.predict(take_all(RATINGS.test)).diagnostics["attention"]
    assert ((attention >= 1 / 3) & (attention <= 1)).all()


def test_a_trace_follows_losses() -> None:
    learner = build("mamo")
    assert isinstance(learner, MAMO)
    with pytest.raises(RuntimeError, match="trace follows losses"):
        learner.trace()


def test_where_nobody_replaces_anything_the_memories_stay() -> None:
    none: dict[str, Any] = {"profile_share": 0, "gradient_share": 0, "preference_share": 0}
    learner, _ = train("mamo", epochs=1, **none)
    fresh = build("mamo")
    assert isinstance(learner, MAMO)
    assert isinstance(fresh, MAMO)
    for name, slots in memories(fresh).items():
        assert torch.equal(memories(learner)[name], slots)
