"""The loss of a score, for learners and closed-form methods alike."""

from torch import Tensor

from pipeline_lib.metrics.bounds import FURTHEST
from pipeline_lib.settings.task import RatingTask, Task


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
