"""Score a whole fold."""

from collections.abc import Iterator

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
    inner_lr = torch.full((len(episodes),), torch.nan, device=score.device)
    for batch in _batches(episodes, catalogue):
        prediction = method.predict(batch)
        score[batch.query.place] = prediction.score
        if prediction.inner_lr is not None:
            inner_lr[batch.users] = prediction.inner_lr
    return score, inner_lr


@torch.no_grad()
def fold_loss(method: Method, episodes: Episodes, catalogue: Catalogue, task: Task) -> float:
    """Compute the mean over users of their mean loss on query rows."""
    losses = [
        batch.query.mean(row_loss(task, method.predict(batch).score, batch.query.target))
        for batch in _batches(episodes, catalogue)
    ]
    return float(torch.cat(losses).mean())


def _batches(episodes: Episodes, catalogue: Catalogue) -> Iterator[Batch]:
    users = torch.arange(len(episodes), device=episodes.user.device)
    for part in users.split(USERS_PER_BATCH):
        yield take_batch(episodes, catalogue, part)
