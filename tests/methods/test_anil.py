"""ANIL against a plain loop over users, and its limits."""

from dataclasses import replace

import pytest
import torch

from pipeline_lib.methods.anil import ANIL
from tests.combinations import Combination, each_combination
from tests.meta.per_user_reference import Parameters, PerUserReference, assert_near, gradients
from tests.meta.test_adapt import placed_losses, placed_scores
from tests.worlds import CASES, HEADS, ORDERS, SMALL_CASES, Setup

torch.set_num_threads(1)  # on tensors this small a second thread only waits


class LastLayerReference(PerUserReference):
    """The steps that MeLU takes, of the last layer alone."""

    def adapting(self, theta: Parameters) -> list[str]:
        """Name the last layer's weight and bias."""
        last = f"network.later.{len(self.setup.hidden) - 1}."
        return [name for name in theta if name.startswith(last)]


def build(setup: Setup) -> ANIL:
    learner = replace(setup, kind="anil").build(inner_lr=setup.rate)
    assert isinstance(learner, ANIL)
    return learner


@each_combination(HEADS, ORDERS, [1, 3], SMALL_CASES)
def test_losses_gradients_and_scores_equal_the_reference(combinations: list[Combination]) -> None:
    for head, order, steps, case in combinations:
        setup = Setup("melu", head, order, steps=steps)
        learner, world = build(setup), setup.world(*SMALL_CASES[case])
        plain = LastLayerReference(setup, world, dict(learner.named_parameters()))
        losses, expected = placed_losses(learner, world.batch()), plain.losses()
        assert_near(losses, expected, 1e-10)
        assert_near(placed_scores(learner, world.batch()), plain.scores(), 1e-10)
        own = gradients(losses, learner)
        for name, gradient in gradients(expected, learner).items():
            assert_near(own[name], gradient, 1e-10)


@pytest.mark.parametrize("order", ORDERS)
def test_all_layers_are_trained(order: str) -> None:
    setup = Setup("melu", order="first" if order == "first" else "second")
    learner = build(setup)
    found = gradients(learner.losses(setup.world(*CASES["three blocks"]).batch()), learner)
    assert all(gradient.any() for gradient in found.values())
