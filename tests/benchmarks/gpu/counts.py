"""What a step asks of a GPU: its kernels, and how often the CPU waits for a number."""

from functools import partial

import torch

from pipeline_lib.training.static import StaticStepper
from pipeline_lib.training.step import Stepper
from tests.benchmarks.gpu.bench import METHODS, Bench, Figures
from tests.operations import Operations, operations

USERS = 32


def counts(bench: Bench) -> list[Figures]:
    """Count a step's operations one by one, and as they are recorded where a learner is static."""
    (users,) = bench.batches(min(USERS, len(bench.world.episodes)), 1)
    rows: list[Figures] = []
    for name in METHODS:
        method = bench.method(name)
        if not method.static:
            continue
        plain, static = bench.stepper(method, Stepper), bench.stepper(method, StaticStepper)
        both = {"one by one": _plain(plain, users), "recorded": _static(static, users)}
        figures = {
            f"{way}, {what}": number
            for way, found in both.items()
            for what, number in (("kernels", found.kernels), ("waits", len(found.waits)))
        }
        rows.append({"method": name, **figures})
    return rows


def _plain(stepper: Stepper, users: torch.Tensor) -> Operations:
    step = partial(stepper.step, users.to(stepper.train.user.device), "")
    step()  # the first makes what later ones use again
    return operations(step)


def _static(stepper: Stepper, users: torch.Tensor) -> Operations:
    if not isinstance(stepper, StaticStepper):
        raise TypeError(type(stepper).__name__)
    stepper.optimiser.rate = stepper.rate
    step = partial(stepper.take, users.to(stepper.rate.device), stepper.widths(users))
    step()
    return operations(step)
