"""Time and memory of training steps."""

import ctypes
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import Tensor

from pipeline_lib.episodes.batch import Batch
from pipeline_lib.methods.base import Learner
from pipeline_lib.training.adamw import AdamW

MEGA = 2**20


@dataclass(frozen=True)
class Cost:
    """A step's median time and what it needs at its peak beyond what was held before."""

    ms: float
    mb: float


def measure(
    method: Learner, losses: Callable[[Batch], Tensor], batches: Sequence[Batch], outer_lr: float
) -> Cost:
    """Measure steps over batches: losses, gradient, Adam, after_step.

    The first two warm up. Memory is measured apart, since giving it back slows the next step.
    """
    optimiser = AdamW(method.parameters(), outer_lr, weight_decay=0)

    def step(batch: Batch) -> float:
        start = time.perf_counter()
        optimiser.zero_grad()
        losses(batch).mean().backward()
        optimiser.step()
        method.after_step(method.trace())
        return 1000 * (time.perf_counter() - start)

    times = [step(batch) for batch in batches][2:]
    peaks = []
    for batch in batches[-2:]:
        before = _reset_peak()
        step(batch)
        peaks.append(_peak() - before)
    return Cost(float(np.median(times)), max(peaks) / MEGA)


def resident() -> int:
    """Read this process's memory in bytes."""
    return _status("VmRSS")


def _reset_peak() -> int:
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return resident()


def _peak() -> int:
    return _status("VmHWM")


def _status(name: str) -> int:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    raise ValueError(name)
