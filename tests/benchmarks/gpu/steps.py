"""A training step of every method, recorded and one by one, against a loop over users and vmap."""

from collections.abc import Callable
from functools import partial

import torch

from pipeline_lib.episodes.batch import take_batch
from pipeline_lib.methods.base import Learner
from pipeline_lib.methods.inner_loop import AdaptiveLearner
from pipeline_lib.training.adamw import AdamW
from pipeline_lib.training.graph import GraphStepper
from pipeline_lib.training.step import Stepper
from tests.benchmarks.gpu.bench import METHODS, RATE, Bench, Figures, console
from tests.benchmarks.rivals import Losses, Rival

WAYS: dict[str, type[Stepper]] = {"one by one": Stepper, "recorded": GraphStepper}
STEPS = {"one by one": 12, "recorded": 60}
RIVAL_STEPS, RIVAL_MS = 3, 3000.0


def steps(bench: Bench) -> list[Figures]:
    """Time steps in ms, with the memory that they need in MB."""
    rows = []
    for users in bench.sizes:
        for name in METHODS:
            row: Figures = {"users": users, "method": name}
            row |= _own(bench, name, users) | _others(bench, name, users)
            console.print(row)
            rows.append(row)
    return rows


def _own(bench: Bench, name: str, users: int) -> Figures:
    found: Figures = {}
    for label, way in WAYS.items():
        method = bench.method(name)
        if way is GraphStepper and not (method.static and bench.device.type == "cuda"):
            continue
        stepper, count = bench.stepper(method, way), STEPS[label]
        run = partial(stepper.epoch, bench.batches(users, count), [RATE] * count, 1)
        found[f"{label}, peak MB"] = bench.peak_mb(partial(_begin, bench, stepper, users, run))
        found[f"{label}, ms"] = bench.ms(run) / count
    return found


def _begin(bench: Bench, stepper: Stepper, users: int, run: Callable[[], object]) -> None:
    """Take steps as training begins, where AT-PAML stores a node for each user; then run."""
    method = stepper.method
    method.begin_epoch(1)
    count = len(bench.world.episodes) // users + 1 if not method.static else 2
    stepper.epoch(bench.batches(users, count), [RATE] * count, 1)
    method.begin_epoch(99)
    run()


def _others(bench: Bench, name: str, users: int) -> Figures:
    method = bench.method(name)
    if name in {"transfer", "at-paml"} or not isinstance(method, AdaptiveLearner):
        return {}
    found: Figures = {}
    with bench.device:
        rival = Rival(method, bench.world)
        ways = {
            "multi-hot loop": rival.by_multi_hot(),
            "look-up loop": rival.by_look_up(),
            "vmap": rival.by_vmap(),
        }
        for label, losses in ways.items():
            found[f"{label}, ms"] = _fastest(bench, method, losses, users)
    return found


def _fastest(bench: Bench, method: Learner, losses: Losses, users: int) -> float:
    optimiser, world = AdamW(method.parameters(), RATE, 0.0), bench.world

    def step(chosen: torch.Tensor) -> None:
        optimiser.zero_grad()
        losses(take_batch(world.episodes, world.catalogue, chosen)).mean().backward()
        optimiser.step()

    times = list[float]()
    for chosen in bench.batches(users, RIVAL_STEPS):
        times.append(bench.ms(partial(step, chosen.to(bench.device))))
        if sum(times) > RIVAL_MS:
            break
    return min(times)
