"""Score a whole fold."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from pipeline_lib.batch import Batch, take_batch
from pipeline_lib.episodes import Catalogue, Episodes
from pipeline_lib.methods.base import Method
from pipeline_lib.metrics.loss import row_loss
from pipeline_lib.settings.task import Task

USERS_PER_BATCH = 128


@torch.no_grad()
def predict_fold(method: Method, episodes: Episodes, catalogue: Catalogue) -> tuple[Tensor, Tensor]:
    """Score every query row of a fold, [query rows].

    The second tensor holds the inner learning rates, [users]: NaN where a user has not one.
    """
    score = torch.full_like(episodes.query.target, torch.nan)
    inner_lr = score.new_full((len(episodes),), torch.nan)
    for batch in _batches(episodes, catalogue):
        prediction = method.predict(batch)
        score[batch.query.place] = prediction.score
        if prediction.inner_lr is not None:
            inner_lr[batch.users] = prediction.inner_lr
    return score, inner_lr


@dataclass(frozen=True)
class Judged:
    """A fold's scores against its targets.

    score: [query rows]. inner_lr: [users], NaN where a user has not one. losses: [users], each
    the mean loss of the user's query rows; loss: their mean.
    """

    score: Tensor
    inner_lr: Tensor
    losses: Tensor
    loss: float


def judge_fold(method: Method, episodes: Episodes, catalogue: Catalogue, task: Task) -> Judged:
    """Score every query row of a fold, and compute the loss."""
    score, inner_lr = predict_fold(method, episodes, catalogue)
    query = episodes.query
    users = torch.arange(len(episodes), device=score.device)
    _, owner, _ = query.users.take(users)
    total = score.new_zeros(len(users)).index_add(0, owner, row_loss(task, score, query.target))
    losses = total / query.users.lengths(users)
    return Judged(score, inner_lr, losses, float(losses.mean()))


def _batches(episodes: Episodes, catalogue: Catalogue) -> Iterator[Batch]:
    users = torch.arange(len(episodes), device=episodes.user.device)
    for part in users.split(USERS_PER_BATCH):
        yield take_batch(episodes, catalogue, part)
