"""Recorded steps, with a stand-in for a GPU's recorder: what is recorded is done at each launch."""

import logging
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from pipeline_lib.devices.graphs import Graphs, Work
from pipeline_lib.devices.team import ALONE
from pipeline_lib.episodes.batch import Batch
from pipeline_lib.methods.base import Learner, build_method
from pipeline_lib.methods.inner_loop import AdaptiveLearner
from pipeline_lib.training.adamw import AdamW
from pipeline_lib.training.graph import GraphStepper, can_record
from pipeline_lib.training.static import StaticStepper
from pipeline_lib.training.step import Stepper
from tests.training.toy import ADAPTIVE, FOLDS, PROBLEM, make_settings

BATCHES = torch.arange(20).split(8)
RATES = [0.01, 0.02, 0.005]


class StandIn(Graphs):
    """Records nothing until it is launched, as a GPU; `spoil` is done after each launch."""

    def __init__(self, spoil: Callable[[Tensor], object] = lambda _: None) -> None:
        self.spoil = spoil

    def rehearse(self, work: Work) -> Tensor:
        return work()

    def record(self, work: Work) -> tuple[Callable[[], None], Tensor]:
        outcome = torch.zeros(4, dtype=torch.float64)

        def launch() -> None:
            outcome.copy_(work())
            self.spoil(outcome)

        return launch, outcome


class Empty(StandIn):
    """Does at once what it should record, and nothing when it is launched."""

    def record(self, work: Work) -> tuple[Callable[[], None], Tensor]:
        return lambda: None, work()


class TooSmall(StandIn):
    def record(self, work: Work) -> tuple[Callable[[], None], Tensor]:
        raise torch.OutOfMemoryError


def stepper(kind: str, way: type[Stepper], graphs: Graphs | None = None) -> Stepper:
    method = build_method(make_settings(kind), PROBLEM, 0)
    assert isinstance(method, Learner)
    optimiser = AdamW(method.parameters(), 0.0, 0.01, clip_norm=1.0)
    made = way(method, optimiser, FOLDS.train, FOLDS.catalogue, ALONE)
    if graphs is not None:
        vars(made)["graphs"] = graphs
    return made


def weights(own: Stepper) -> Tensor:
    return torch.cat([p.detach().flatten() for p in own.method.parameters()])


@pytest.mark.parametrize("kind", [kind for kind in ADAPTIVE if kind != "at-paml"])
def test_recorded_steps_are_static_steps(kind: str) -> None:
    recorded, static = stepper(kind, GraphStepper, StandIn()), stepper(kind, StaticStepper)
    for epoch in (1, 2):
        assert recorded.epoch(BATCHES, RATES, epoch) == static.epoch(BATCHES, RATES, epoch)
    assert torch.equal(weights(recorded), weights(static))
    assert isinstance(recorded, GraphStepper)
    assert {*recorded.recordings} == {(8, 8, 3), (4, 8, 3)}


def test_a_shape_is_recorded_once(caplog: pytest.LogCaptureFixture) -> None:
    own = stepper("melu", GraphStepper, StandIn())
    with caplog.at_level(logging.INFO):
        for epoch in (1, 2):
            own.epoch(BATCHES, RATES, epoch)
    assert [record.getMessage() for record in caplog.records] == [
        "steps are recorded: 2 shapes of batches so far"
    ]


@pytest.mark.parametrize(
    ("graphs", "why"),
    [
        (Empty(), "a recorded step differs from one taken plainly"),
        (StandIn(lambda outcome: outcome.mul_(1.01)), "a recorded step differs"),
        (TooSmall(), "too little memory"),
    ],
)
def test_without_a_sound_recording_steps_are_taken_one_by_one(
    graphs: Graphs, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    own, plain = stepper("paml", GraphStepper, graphs), stepper("paml", Stepper)
    assert own.epoch(BATCHES, RATES, 1) == plain.epoch(BATCHES, RATES, 1)
    assert torch.equal(weights(own), weights(plain))
    assert own.parts == 1
    (said,) = [record.getMessage() for record in caplog.records]
    assert said.startswith(f"steps are taken one by one: none can be recorded ({why}")


def test_a_recording_that_moves_no_weights_is_not_used(caplog: pytest.LogCaptureFixture) -> None:
    own = stepper("paml", GraphStepper)
    start = [p.detach().clone() for p in own.method.parameters()]

    def forget(_: Tensor) -> None:
        with torch.no_grad():
            for parameter, value in zip(own.method.parameters(), start, strict=True):
                parameter.copy_(value)

    vars(own)["graphs"] = StandIn(forget)
    own.epoch(BATCHES, RATES, 1)
    assert "differs from one taken plainly" in caplog.text
    assert not torch.equal(weights(own), torch.cat([value.flatten() for value in start]))


def test_random_numbers_are_not_recorded(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = stepper("melu", GraphStepper, StandIn())
    real = AdaptiveLearner.losses

    def losses(self: AdaptiveLearner, batch: Batch) -> Tensor:
        noise = self.draws.normal(batch.users, 1)[:, 0]
        return real(self, batch) * (1 + 0.1 * noise.float())

    monkeypatch.setattr(AdaptiveLearner, "losses", losses)
    own.epoch(BATCHES, RATES, 1)
    assert "none can be recorded (the method draws 1 random numbers" in caplog.text


@pytest.mark.parametrize("hook", ["begin_epoch", "trace", "after_step", "end_epoch"])
def test_a_method_that_does_something_between_steps_is_not_recorded(hook: str) -> None:
    method = build_method(make_settings("melu"), PROBLEM, 0)
    assert isinstance(method, Learner)
    assert can_record(method)
    method.__class__ = type("Own", (type(method),), {hook: lambda self, *_: {}})
    assert not can_record(method)
