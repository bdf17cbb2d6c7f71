"""Optimiser steps that read nothing from the device, so that it never waits for the next one."""

import math
from collections.abc import Sequence
from functools import cached_property

import torch
from torch import Tensor

from pipeline_lib.episodes.padded import pad_batch
from pipeline_lib.training.step import EXPLODED, Stepper, Steps, TrainingError, advise


class StaticStepper(Stepper):
    """Takes the steps of a static learner on padded batches.

    All batches of as many users, and of rows up to the same power of two, take the same
    operations. A step that goes wrong is found after the epoch.
    """

    def epoch(self, batches: Sequence[Tensor], rates: Sequence[float], epoch: int) -> Steps:
        """Take a step on each batch of users; return each step's loss and gradient norm.

        Raises TrainingError when a user's loss or the gradient of a step is not finite, or when a
        user's loss is above a million.
        """
        device = self.train.user.device
        self.optimiser.rate = self.rate
        outcomes = torch.zeros(len(batches), 4, dtype=torch.float64, device=device)
        # Copied at once: a copy would wait until the device has taken the step before.
        there = torch.cat([*batches]).to(device).split([len(users) for users in batches])
        for place, (users, own, rate) in enumerate(zip(batches, there, rates, strict=True)):
            self.rate.fill_(rate)
            outcomes[place].copy_(self.take(own, self.widths(users)))
        found: list[list[float]] = outcomes.tolist()
        for place, (_, norm, worst, user) in enumerate(found, start=1):
            _check(norm, worst, int(user), f"epoch {epoch}, batch {place}")
        return [(loss, norm) for loss, norm, _, _ in found]

    @cached_property
    def rate(self) -> Tensor:
        """The outer rate of the next step, on the device."""
        return torch.zeros((), device=self.train.user.device)

    def widths(self, users: Tensor) -> tuple[int, int]:
        """Return how many support and query rows to give each user of a batch, [users] int64."""
        support, query = (_width(counts[users], counts) for counts in self._counts)
        return support, query

    def take(self, users: Tensor, widths: tuple[int, int]) -> Tensor:
        """Take a step on users, [users] int64 on the device.

        Returns [4] float64: the loss, its gradient's norm, the largest loss, and whose it is.
        """
        self.optimiser.zero_grad()
        batch = pad_batch(self.train, self.catalogue, users, widths)
        losses = self.method.losses(batch)
        rows = batch.support.counts + batch.query.counts
        weights = self.method.weights(rows.to(losses.dtype))
        loss = (losses * (weights / weights.sum())).sum()
        loss.backward()
        norm = torch.nn.utils.get_total_norm(self._sum_gradients())
        self.optimiser.step()
        worst, place = losses.detach().abs().nan_to_num(torch.inf, torch.inf).max(0)
        outcome = (loss.detach(), norm, worst, users.gather(0, place[None])[0])
        return torch.stack([number.double() for number in outcome])

    @cached_property
    def _counts(self) -> tuple[Tensor, Tensor]:
        """Every user's support and query rows, on the CPU."""
        support, query = (
            rows.users.offsets.diff().cpu() for rows in (self.train.support, self.train.query)
        )
        return support, query


def _width(counts: Tensor, everyone: Tensor) -> int:
    """Return the power of two that is enough for all of a batch, or the fold's most."""
    most = max(int(counts.max()), 1)
    return min(1 << (most - 1).bit_length(), int(everyone.max()))


def _check(norm: float, worst: float, user: int, where: str) -> None:
    if worst > EXPLODED:
        raise TrainingError(advise(f"{where}: a user's loss is as large as {worst:.3g}"), [user])
    if not math.isfinite(norm):
        raise TrainingError(advise(f"{where}: the gradient of the loss is not finite"), [])
