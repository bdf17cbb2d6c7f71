"""The loss of a score, for learners and closed-form methods alike."""

import torch
from torch import Tensor

from pipeline_lib.settings.task import FURTHEST, RatingTask, Task


def row_loss(task: Task, score: Tensor, target: Tensor) -> Tensor:
    """Compute each row's loss, [rows], from its score and target, [rows].

    Squared error of a rating; weighted cross-entropy of a click's probability, which counts as at
    least 1e-7 from 0 and 1.
    """
    if isinstance(task, RatingTask):
        return (score - target).square()
    p = score.clamp(FURTHEST, 1 - FURTHEST)
    clicked = task.clicked_weight * target * p.log()
    return -(clicked + task.other_weight * (1 - target) * (-p).log1p())


def row_weight(task: Task, target: Tensor) -> Tensor:
    """Weigh rows, [rows], by their targets, [rows]: ratings alike, clicks as the task says."""
    if isinstance(task, RatingTask):
        return torch.ones_like(target)
    return task.other_weight + (task.clicked_weight - task.other_weight) * target


def weighted_mean(task: Task, target: Tensor) -> Tensor:
    """Compute the score, [], that has the least loss where all rows, [rows], get the same."""
    weight = row_weight(task, target)
    return (weight * target).sum() / weight.sum()


def relative_weight(task: Task, target: Tensor, mean: Tensor) -> Tensor:
    """Weigh rows, [rows], in units of the mean weight of the training rows.

    mean: [], the training rows' weighted mean. Where that is m, their mean weight is 1 over the
    weighted mean of 1 / w, which is m / w(click) + (1 − m) / w(other).
    """
    weight = row_weight(task, target)
    if isinstance(task, RatingTask):
        return weight
    return weight * (mean / task.clicked_weight + (1 - mean) / task.other_weight)
