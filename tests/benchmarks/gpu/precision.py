"""Scores and outer gradients: float32 on a device against float64 on the CPU."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from pipeline_lib.episodes.batch import take_batch
from pipeline_lib.methods.base import Learner
from tests.benchmarks.gpu.bench import METHODS, Bench, Figures
from tests.benchmarks.step import warm
from tests.benchmarks.world import World

USERS = 128


def precision(bench: Bench, world: World) -> list[Figures]:
    """Compare every learner, ‖own − expected‖ / ‖expected‖; world: the bench's, on the CPU."""
    double = replace(world, episodes=world.episodes.double(), catalogue=world.catalogue.double())
    batches = bench.batches(min(USERS, len(world.episodes) // 2), 2)
    rows: list[Figures] = []
    for name in METHODS:
        expected = _compute(double, world.method(name).double(), batches)
        own = _compute(bench.world, bench.method(name), [b.to(bench.device) for b in batches])
        parts = zip(("score", "gradient"), own, expected, strict=True)
        errors = {part: float((a - b).norm() / b.norm()) for part, a, b in parts}
        rows.append({"method": name, **errors})
    return rows


def _compute(world: World, method: Learner, batches: Sequence[Tensor]) -> list[Tensor]:
    """Compute the last batch's scores and gradient; AT-PAML stores the nodes of the others."""
    *before, batch = (take_batch(world.episodes, world.catalogue, users) for users in batches)
    warm(method, before)
    method.zero_grad()
    method.losses(batch).mean().backward()
    slopes = [p.grad.flatten() for p in method.parameters() if p.grad is not None]
    with torch.no_grad():
        score = method.predict(batch).score
    return [tensor.cpu().double() for tensor in (score, torch.cat(slopes))]
