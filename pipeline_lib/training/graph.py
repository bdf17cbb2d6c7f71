"""Optimiser steps on a GPU as CUDA graphs: a step is recorded once and then launched as a whole.

Launching its hundreds of kernels one by one takes a GPU longer than computing them.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor

from pipeline_lib.devices.choose import is_out_of_memory
from pipeline_lib.training.static import StaticStepper
from pipeline_lib.training.step import Stepper, Steps

# Steps taken before one is recorded, so that the libraries have loaded what they need.
REHEARSALS = 2
# How far a recorded step's loss and norm may be from the first rehearsal's, relatively.
TOLERANCE = 1e-3

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recording:
    """A recorded step of `users`, [users] int64, and where it leaves what `take` returns."""

    graph: torch.cuda.CUDAGraph
    users: Tensor
    outcome: Tensor


@dataclass
class GraphStepper(StaticStepper):
    """Takes static steps as CUDA graphs, one for each shape of a batch.

    Each is compared with a step taken plainly before it is used. Where one cannot be recorded, or
    differs, all steps are taken plainly.
    """

    recordings: dict[tuple[int, int, int], Recording] = field(default_factory=dict)
    recorded: bool = True

    def epoch(self, batches: Sequence[Tensor], rates: Sequence[float], epoch: int) -> Steps:
        """Take a step on each batch of users; return each step's loss and gradient norm.

        Raises TrainingError as `StaticStepper.epoch` or `Stepper.epoch` does.
        """
        if self.recorded and not self._record_all(batches):
            self.recorded = False
            self.recordings.clear()
        if self.recorded:
            return super().epoch(batches, rates, epoch)
        return Stepper.epoch(self, batches, rates, epoch)

    def take(self, users: Tensor, widths: tuple[int, int]) -> Tensor:
        """Launch the recorded step."""
        recording = self.recordings[len(users), *widths]
        recording.users.copy_(users)
        recording.graph.replay()
        return recording.outcome

    def _record_all(self, batches: Sequence[Tensor]) -> bool:
        """Record a step for each shape that has none; return whether that succeeded."""
        self.optimiser.rate = self.rate
        try:
            for users in batches:
                shape = (len(users), *self.widths(users))
                if shape not in self.recordings:
                    self.recordings[shape] = self._record(users.to(self.rate.device), shape[1:])
        except RuntimeError as error:
            if is_out_of_memory(error):
                self._cut_smaller(max(map(len, batches)), "recording a step")
            else:
                log.warning("steps are taken one by one: none can be recorded (%s)", error)
            return False
        return True

    def _record(self, users: Tensor, widths: tuple[int, int]) -> Recording:
        with self._undone():
            expected = self._rehearse(users, widths)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            outcome = super().take(users, widths)
        with self._undone():
            graph.replay()
            if not torch.allclose(outcome[:2], expected[:2], TOLERANCE):
                raise RuntimeError(f"loss and norm {outcome[:2]}, not {expected[:2]}")
        return Recording(graph, users, outcome)

    def _rehearse(self, users: Tensor, widths: tuple[int, int]) -> Tensor:
        """Take steps as they are before recording, on a stream of their own; return the first's."""
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            first, *_ = [super(GraphStepper, self).take(users, widths) for _ in range(REHEARSALS)]
        torch.cuda.current_stream().wait_stream(stream)
        return first

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
