"""Heads: from the network's outputs to a score, a loss and the loss's gradient by hand.

Outputs are z [rows, outputs]; scores, targets and losses are [rows].
"""

from abc import ABC, abstractmethod

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, log_softmax

from pipeline_lib.metrics.loss import row_weight
from pipeline_lib.settings.network import HeadKind
from pipeline_lib.settings.task import ClickTask, RatingTask, Task


class Head(ABC):
    """What the network's outputs mean. outputs: their number."""

    outputs: int

    @abstractmethod
    def score(self, z: Tensor) -> Tensor:
        """Compute the prediction: a rating, or the probability of a click."""

    @abstractmethod
    def loss(self, z: Tensor, target: Tensor) -> Tensor:
        """Compute each row's loss."""

    @abstractmethod
    def error(self, z: Tensor, target: Tensor) -> Tensor:
        """Compute the gradient of each row's loss with respect to its outputs."""


class RatingValue(Head):
    """One output, the rating itself; squared error."""

    outputs = 1

    def score(self, z: Tensor) -> Tensor:
        """Return the output."""
        return z[:, 0]

    def loss(self, z: Tensor, target: Tensor) -> Tensor:
        """Compute the squared error."""
        return (z[:, 0] - target).square()

    def error(self, z: Tensor, target: Tensor) -> Tensor:
        """Compute 2 (z − y)."""
        return 2 * (z - target[:, None])


class RatingLevels(Head):
    """A logit for each level of the scale; the rating is their expectation; squared error."""

    def __init__(self, task: RatingTask) -> None:
        self.lowest, self.step, self.outputs = task.scale[0], task.spacing, task.levels

    def score(self, z: Tensor) -> Tensor:
        """Compute Σ p_k v_k with p = softmax(z) and v the levels."""
        return z.softmax(1) @ self._levels(z)

    def loss(self, z: Tensor, target: Tensor) -> Tensor:
        """Compute the squared error of the expectation."""
        return (self.score(z) - target).square()

    def error(self, z: Tensor, target: Tensor) -> Tensor:
        """Compute 2 (r − y) p_k (v_k − r), r the expectation."""
        p, levels = z.softmax(1), self._levels(z)
        rating = (p @ levels)[:, None]
        return 2 * (rating - target[:, None]) * p * (levels - rating)

    def _levels(self, z: Tensor) -> Tensor:
        steps = torch.arange(self.outputs, dtype=z.dtype, device=z.device)
        return self.lowest + steps * self.step


class ClickValue(Head):
    """One output, the logit of a click; weighted cross-entropy."""

    outputs = 1

    def __init__(self, task: ClickTask) -> None:
        self.task = task

    def score(self, z: Tensor) -> Tensor:
        """Compute the probability of a click."""
        return z[:, 0].sigmoid()

    def loss(self, z: Tensor, target: Tensor) -> Tensor:
        """Compute the weighted cross-entropy."""
        plain = binary_cross_entropy_with_logits(z[:, 0], target, reduction="none")
        return row_weight(self.task, target) * plain

    def error(self, z: Tensor, target: Tensor) -> Tensor:
        """Compute w (σ(z) − y)."""
        return row_weight(self.task, target)[:, None] * (z.sigmoid() - target[:, None])


class ClickLevels(Head):
    """Two logits, for no click and for a click; weighted cross-entropy."""

    outputs = 2

    def __init__(self, task: ClickTask) -> None:
        self.task = task

    def score(self, z: Tensor) -> Tensor:
        """Compute the probability of a click."""
        return z.softmax(1)[:, 1]

    def loss(self, z: Tensor, target: Tensor) -> Tensor:
        """Compute the weighted cross-entropy."""
        plain = -(_one_hot(target) * log_softmax(z, 1)).sum(1)
        return row_weight(self.task, target) * plain

    def error(self, z: Tensor, target: Tensor) -> Tensor:
        """Compute w (p − y) with y one-hot."""
        return row_weight(self.task, target)[:, None] * (z.softmax(1) - _one_hot(target))


def make_head(task: Task, kind: HeadKind) -> Head:
    """Return the head of a task."""
    if isinstance(task, RatingTask):
        return RatingValue() if kind == "value" else RatingLevels(task)
    return ClickValue(task) if kind == "value" else ClickLevels(task)


def _one_hot(target: Tensor) -> Tensor:
    return torch.stack((1 - target, target), 1)
