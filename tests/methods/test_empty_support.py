"""Users without support rows: nobody adapts to nothing, and no one else notices."""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from pipeline_lib.episodes.batch import Batch
from pipeline_lib.methods.base import Method
from pipeline_lib.methods.inner_loop import AdaptiveLearner
from tests.combinations import Combination, each_combination
from tests.meta.per_user_reference import assert_near, reference
from tests.methods.world import ADAPTIVE, World, take_all, train, without_support
from tests.worlds import ADAPTS, HEADS, KINDS, ORDERS, Setup

torch.set_num_threads(1)  # on tensors this small a second thread only waits

EMPTY = {
    "all": ([0] * 9, [2, 1, 3, 1, 1, 2, 4, 1, 2]),
    "some": ([3, 0, 5, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2], [1, 3, 2, 4, 1, 1, 1, 2, 1, 1, 1, 2, 3]),
    "one": ([0], [2]),
    "none": ([3, 1], [2, 2]),
}
WORLDS = [World("rating"), World("click")]
WAYS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "2 steps": {"inner_steps": 2},
    "all": {"adapt": "all"},
    "2 steps, all": {"inner_steps": 2, "adapt": "all"},
}


@each_combination(KINDS, HEADS, ORDERS, ADAPTS, [1, 2], EMPTY)
def test_who_has_no_support_rows_gets_the_score_of_unadapted_weights(
    combinations: list[Combination],
) -> None:
    """And who has some the score of adapted ones, both computed user by user."""
    for *options, case in combinations:
        assert_scores_are_adapted_or_not(Setup(*options), case)


def assert_scores_are_adapted_or_not(setup: Setup, case: str) -> None:
    world, learner = setup.world(*EMPTY[case]), setup.learner()
    batch = world.batch()
    empty = batch.support.counts[batch.query.user] == 0
    unadapted, adapted = (
        reference(replace(setup, steps=n), world, learner).scores()[batch.query.position]
        for n in (0, setup.steps)
    )
    with torch.no_grad():
        score = learner.predict(batch).score
    assert_near(score, torch.where(empty, unadapted, adapted), 1e-12)
    if not empty.all():
        assert ((score - unadapted)[~empty].abs() > 1e-9).all()


def unadapted_scores(learner: AdaptiveLearner, batch: Batch) -> Tensor:
    embedded = learner.network.embed(batch)
    return learner.head.score(learner.network(embedded, batch.query))


@each_combination(ADAPTIVE, WORLDS, WAYS)
def test_every_trained_learner_scores_them_unadapted(combinations: list[Combination]) -> None:
    for kind, world, way in combinations:
        learner, _ = train(kind, world, epochs=1, users_per_batch=20, **WAYS[way])
        assert_scores_are_unadapted(learner, world)


def assert_scores_are_unadapted(learner: Method, world: World) -> None:
    assert isinstance(learner, AdaptiveLearner)
    nobody = without_support(world.test, torch.ones(len(world.test), dtype=torch.bool))
    batch = take_all(nobody)
    assert not batch.support.counts.any()
    with torch.no_grad():
        expected, prediction = unadapted_scores(learner, batch), learner.predict(batch)
    torch.testing.assert_close(prediction.score, expected, rtol=1e-6, atol=1e-6)
    assert all((values > 0).all() for values in prediction.diagnostics.values())
