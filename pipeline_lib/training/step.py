"""One optimiser step: on a whole batch, in parts that fit the device, or shared by processes."""

import logging
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

from pipeline_lib.devices.choose import is_out_of_memory
from pipeline_lib.devices.team import Team
from pipeline_lib.episodes.batch import Batch, by_support, take_batch
from pipeline_lib.episodes.format import Catalogue, Episodes
from pipeline_lib.methods.base import JointLearner, Learner
from pipeline_lib.training.adamw import AdamW

EXPLODED = 1e6
LOSS, PLACE = "loss", "place"

Result = TypeVar("Result")
# The loss and the norm of its gradient of each step.
Steps = list[tuple[float, float]]

log = logging.getLogger(__name__)


class TrainingError(Exception):
    """Training cannot go on. users: positions in the training fold."""

    def __init__(self, message: str, users: list[int]) -> None:
        super().__init__(message)
        self.users = users


class TooLargeError(TrainingError):
    """A user does not fit the device's memory; on another device training may go on."""


@dataclass
class Stepper:
    """Takes steps of a learner and its optimiser on users of the training fold.

    parts: the number of parts that a batch is cut into so that each fits the device. The step is
    the same, since the parts' gradients are summed before it; only the order of sums differs.
    """

    method: Learner
    optimiser: AdamW
    train: Episodes
    catalogue: Catalogue
    team: Team
    parts: int = 1

    def epoch(self, batches: Sequence[Tensor], rates: Sequence[float], epoch: int) -> Steps:
        """Take a step on each batch of users; return each step's loss and gradient norm.

        batches: [users] int64 each, on the CPU. rates: the outer rate of each step. Raises as
        `step` does.
        """
        steps = []
        for place, (users, rate) in enumerate(zip(batches, rates, strict=True), start=1):
            self.optimiser.rate = rate
            users = users.to(self.train.user.device)
            steps.append(self.step(users, f"epoch {epoch}, batch {place}"))
        return steps

    def step(self, users: Tensor, where: str) -> tuple[float, float]:
        """Take a step on users [users] int64; return their loss and the norm of its gradient.

        Raises TrainingError, before the step, when a user's loss is not finite or above a million,
        or when the gradient is not finite; TooLargeError when one user alone does not fit.
        """
        users = by_support(self.train, users)
        rows = self.train.support.users.lengths(users) + self.train.query.users.lengths(users)
        weights = self.method.weights(rows.to(self.train.query.target.dtype))
        weights = weights / weights.sum()
        traces = self._gradients(users, weights, where)
        loss = traces.pop(LOSS)
        _check_losses(loss, users, where)
        gradients = self._sum_gradients()
        norm = torch.nn.utils.get_total_norm(gradients).item()
        if not math.isfinite(norm):
            message = f"{where}: the gradient of the loss is not finite"
            raise TrainingError(advise(message), sorted(users.tolist()))
        self.optimiser.step()
        self.method.after_step(traces)
        return (loss * weights).sum().item(), norm

    def _gradients(self, users: Tensor, weights: Tensor, where: str) -> dict[str, Tensor]:
        """Sum the gradients of the batch's loss; return the traces, user by user."""
        mine = self.team.deal(torch.arange(len(users), device=users.device))
        with self._with_total(users, mine, where):
            traces = self._in_parts(mine, lambda part: self._part(users, weights, part), where)
        own = {name: torch.cat([trace[name] for trace in traces]) for name in traces[0]}
        return _in_order(self.team.join(own, len(users)))

    @contextmanager
    def _with_total(self, users: Tensor, mine: Tensor, where: str) -> Iterator[None]:
        """Set a joint learner's total of a step, summed over its parts and the team, meanwhile."""
        if not isinstance(method := self.method, JointLearner):
            yield
            return
        parts = self._in_parts(mine, lambda part: self._addends(method, users, part), where)
        method.total = self.team.sum_(torch.stack(parts).sum(0))
        try:
            yield
        finally:
            method.total = None

    def _in_parts(self, mine: Tensor, work: Callable[[Tensor], Result], where: str) -> list[Result]:
        """Do a work on each part of users; anew on smaller ones where the memory is too small."""
        while True:
            self.optimiser.zero_grad()
            try:
                return [work(part) for part in deal(mine, self.parts)]
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error):
                    raise
            self._cut_smaller(len(mine), where)

    @torch.no_grad()
    def _addends(self, method: JointLearner, users: Tensor, places: Tensor) -> Tensor:
        batch = self._batch(users, places)
        return method.addends(batch).sum(0) * bool(len(places))

    def _part(self, users: Tensor, weights: Tensor, places: Tensor) -> dict[str, Tensor]:
        """Run a forward and a backward pass for the users at `places`; return their trace.

        A process of a team without users runs one with weight 0, so that it has gradients as well.
        """
        count = len(places)
        losses = self.method.losses(self._batch(users, places))
        places = places if count else torch.zeros_like(users[:1])
        (losses * weights[places]).sum().mul(bool(count)).backward()
        trace = self.method.trace() | {LOSS: losses.detach(), PLACE: places}
        return {name: rows[:count] for name, rows in trace.items()}

    def _batch(self, users: Tensor, places: Tensor) -> Batch:
        """Assemble the users at `places`, or the first one where there are none."""
        own = users[places] if len(places) else users[:1]
        return take_batch(self.train, self.catalogue, own)

    def _cut_smaller(self, users: int, where: str) -> None:
        torch.cuda.empty_cache()
        if self.parts >= users:
            raise TooLargeError(
                f"{where}: one user alone is too much for the memory; take smaller layers or "
                "embeddings, fewer inner steps, or a device with more memory",
                [],
            )
        self.parts = min(2 * self.parts, users)
        log.warning(
            "%s: out of memory; from now on every batch is cut into %d parts whose gradients are "
            "summed (a smaller users_per_batch would be another method)",
            where,
            self.parts,
        )

    def _sum_gradients(self) -> list[Tensor]:
        """Sum the gradients over the team; a parameter without one has none in any process."""
        gradients = [p.grad for p in self.method.parameters() if p.grad is not None]
        self.team.sum_all_(gradients)
        return gradients


def deal(places: Tensor, parts: int) -> list[Tensor]:
    """Deal users, sorted by support rows, to parts in turn, so that all parts cost alike."""
    return [places[part::parts] for part in range(parts)]


def advise(message: str) -> str:
    """Add to a message what helps when training diverges."""
    return f"{message}; lower outer_lr or the inner learning rate"


def _in_order(rows: dict[str, Tensor]) -> dict[str, Tensor]:
    order = rows.pop(PLACE).argsort()
    return {name: values[order] for name, values in rows.items()}


def _check_losses(losses: Tensor, users: Tensor, where: str) -> None:
    sound = losses.abs() <= EXPLODED
    if not sound.all():
        worst = losses[~sound].abs().max().item()
        message = f"{where}: a user's loss is as large as {worst:.3g}"
        raise TrainingError(advise(message), sorted(users[~sound].tolist()))
