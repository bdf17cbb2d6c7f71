"""Static steps, which a GPU records: those of the plain way, and what stops them."""

from collections.abc import Callable

import pytest
import torch

from pipeline_lib.devices.team import ALONE
from pipeline_lib.methods.base import Learner, build_method
from pipeline_lib.training.adamw import AdamW
from pipeline_lib.training.fit import Folds
from pipeline_lib.training.static import StaticStepper
from pipeline_lib.training.step import Stepper, TrainingError
from tests.operations import operations
from tests.training.toy import ADAPTIVE, FOLDS, LEARNERS, PROBLEM, make_settings, spoil

BATCHES = torch.arange(20).split(8)
RATES = [0.01, 0.02, 0.005]


def learner(kind: str) -> Learner:
    method = build_method(make_settings(kind), PROBLEM, 0)
    assert isinstance(method, Learner)
    return method


STATIC = [kind for kind in LEARNERS if learner(kind).static]


def stepper(kind: str, way: Callable[..., Stepper], folds: Folds = FOLDS) -> Stepper:
    method = learner(kind)
    optimiser = AdamW(method.parameters(), 0.0, 0.01, clip_norm=1.0)
    return way(method, optimiser, folds.train, folds.catalogue, ALONE)


def test_learners_without_memory_are_static_while_only_layers_adapt() -> None:
    assert {*ADAPTIVE} - {*STATIC} == {"at-paml"}
    assert not build_method(make_settings("paml", adapt="all"), PROBLEM, 0).static


@pytest.mark.parametrize("kind", STATIC)
def test_static_steps_are_those_of_the_plain_way(kind: str) -> None:
    plain, static = stepper(kind, Stepper), stepper(kind, StaticStepper)
    for epoch in (1, 2):
        expected = plain.epoch(BATCHES, RATES, epoch)
        own = static.epoch(BATCHES, RATES, epoch)
        torch.testing.assert_close(torch.tensor(own), torch.tensor(expected), rtol=1e-5, atol=0)
    weights = static.method.state_dict()
    for name, tensor in plain.method.state_dict().items():
        torch.testing.assert_close(weights[name], tensor, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", STATIC)
def test_a_static_step_reads_nothing_from_the_device(kind: str) -> None:
    static = stepper(kind, StaticStepper)
    assert isinstance(static, StaticStepper)
    static.optimiser.rate = static.rate
    users, widths = BATCHES[0], static.widths(BATCHES[0])
    assert operations(lambda: static.take(users, widths)).waits == []
    plain = stepper(kind, Stepper)
    assert len(operations(lambda: plain.step(users, "")).waits) > 5


def test_few_shapes_serve_all_batches() -> None:
    """The widest support has 8 rows and the widest query 3."""
    static = stepper("melu", StaticStepper)
    assert isinstance(static, StaticStepper)
    assert static.widths(torch.tensor([0])) == (4, 1)
    assert static.widths(torch.tensor([1, 4])) == (8, 2)
    assert static.widths(torch.arange(20)) == (8, 3)


@pytest.mark.parametrize("value", [torch.nan, torch.inf, 1e4])
def test_a_loss_that_explodes_is_told_with_batch_and_user(value: float) -> None:
    with pytest.raises(TrainingError, match="epoch 3, batch 2: a user's loss is as large") as error:
        stepper("melu", StaticStepper, spoil(FOLDS, [10], value)).epoch(BATCHES, RATES, 3)
    assert error.value.users == [10]
