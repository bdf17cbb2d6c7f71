"""Optimiser steps on a GPU as CUDA graphs: a step is recorded once and then launched as a whole.

Launching its hundreds of kernels one by one takes a GPU longer than computing them.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial

import torch
from torch import Tensor

from pipeline_lib.devices.choose import is_out_of_memory
from pipeline_lib.devices.graphs import Graphs, Work
from pipeline_lib.episodes.draws import Draws
from pipeline_lib.methods.base import Learner
from pipeline_lib.training.adamw import MEAN
from pipeline_lib.training.static import StaticStepper
from pipeline_lib.training.step import Stepper, Steps

# Steps taken before one is recorded, so that the libraries have loaded what they need.
REHEARSALS = 2
# How far a recorded step may be from one taken plainly, relatively: its loss and norm, the
# gradient in the optimiser, and the weights' way, whose direction hangs on the least gradients.
TOLERANCES = (1e-3, 1e-3, 0.1)

# What a method may do between steps, and a recording leaves out.
HOOKS = ("begin_epoch", "trace", "after_step", "end_epoch")

log = logging.getLogger(__name__)


def can_record(method: Learner) -> bool:
    """Return whether a method's steps are static, and it does nothing between them."""
    own = type(method)
    return method.static and all(getattr(own, hook) is getattr(Learner, hook) for hook in HOOKS)


@dataclass(frozen=True)
class Recording:
    """A recorded step of `users`, [users] int64, and where it leaves what `take` returns."""

    launch: Callable[[], None]
    users: Tensor
    outcome: Tensor


class NoDraws(Draws):
    """Refuses to draw: a recorded step would draw the same numbers in every epoch."""

    def normal(self, users: Tensor, count: int) -> Tensor:
        """Raise RuntimeError."""
        raise RuntimeError(f"the method draws {count} random numbers of each of {len(users)} users")


@dataclass
class GraphStepper(StaticStepper):
    """Takes static steps as CUDA graphs, one for each shape of a batch.

    Each is compared with a step taken plainly before it is used. Where one cannot be recorded, or
    differs, all steps are taken plainly.
    """

    recordings: dict[tuple[int, int, int], Recording] = field(default_factory=dict)
    recorded: bool = True

    @cached_property
    def graphs(self) -> Graphs:
        """What records."""
        return Graphs()

    def epoch(self, batches: Sequence[Tensor], rates: Sequence[float], epoch: int) -> Steps:
        """Take a step on each batch of users; return each step's loss and gradient norm.

        Raises TrainingError as `StaticStepper.epoch` or `Stepper.epoch` does.
        """
        if self.recorded and (problem := self._record_all(batches, max(rates))):
            log.warning("steps are taken one by one: none can be recorded (%s)", problem)
            self.recorded = False
            self.recordings.clear()
            torch.cuda.empty_cache()
        if self.recorded:
            return super().epoch(batches, rates, epoch)
        return Stepper.epoch(self, batches, rates, epoch)

    def take(self, users: Tensor, widths: tuple[int, int]) -> Tensor:
        """Launch the recorded step."""
        recording = self.recordings[len(users), *widths]
        recording.users.copy_(users)
        recording.launch()
        return recording.outcome

    def _record_all(self, batches: Sequence[Tensor], rate: float) -> str:
        """Record a step for each shape that has none; return why that failed, "" where it did not.

        rate: the outer rate of steps that are compared and undone.
        """
        self.optimiser.rate = self.rate.fill_(rate)
        before, draws = len(self.recordings), self.method.draws
        self.method.draws = NoDraws(0)
        try:
            for users in batches:
                shape = (len(users), *self.widths(users))
                if shape not in self.recordings:
                    own = users.to(self.rate.device, copy=True)
                    self.recordings[shape] = self._record(own, shape[1:])
        except RuntimeError as error:
            return "too little memory" if is_out_of_memory(error) else str(error)
        finally:
            self.method.draws = draws
        if len(self.recordings) > before:
            log.info("steps are recorded: %d shapes of batches so far", len(self.recordings))
        return ""

    def _record(self, users: Tensor, widths: tuple[int, int]) -> Recording:
        work = partial(super().take, users, widths)
        for _ in range(REHEARSALS):
            expected = self._measure(partial(self.graphs.rehearse, work))
        with self._undone():  # one that, wrongly, takes the step at once leaves no trace
            launch, outcome = self.graphs.record(work)
        outcome.fill_(torch.nan)  # nothing of it may be left from another time

        def replay() -> Tensor:
            """Launch the recorded step."""
            launch()
            return outcome

        parts = zip(self._measure(replay), expected, TOLERANCES, strict=True)
        for found, due, tolerance in parts:
            if not (found - due).norm() <= tolerance * due.norm():
                raise RuntimeError("a recorded step differs from one taken plainly")
        return Recording(launch, users, outcome)

    def _measure(self, work: Work) -> tuple[Tensor, Tensor, Tensor]:
        """Take a step and undo it; return loss and norm, the gradient's mean, the weights' way."""
        moments = [own for name, own in self.optimiser.state().items() if name.endswith(MEAN)]
        weights = [*self.method.parameters()]
        with self._undone():
            before = _flat(weights)
            outcome = work()[:2].clone()
            return outcome, _flat(moments), _flat(weights) - before

    @contextmanager
    def _undone(self) -> Iterator[None]:
        """Restore weights and moments afterwards."""
        state = [*self.method.state_dict().values(), *self.optimiser.state().values()]
        before = [tensor.clone() for tensor in state]
        try:
            yield
        finally:
            for tensor, value in zip(state, before, strict=True):
                tensor.copy_(value)


def _flat(tensors: Sequence[Tensor]) -> Tensor:
    return torch.cat([tensor.detach().flatten() for tensor in tensors])
