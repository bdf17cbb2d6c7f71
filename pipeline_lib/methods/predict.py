"""Predict all users of a fold, in batches, and compute their loss."""

from dataclasses import dataclass

import torch
from torch import Tensor

from pipeline_lib.devices.choose import is_out_of_memory
from pipeline_lib.devices.team import ALONE, Team
from pipeline_lib.episodes.batch import Batch, take_batch
from pipeline_lib.episodes.format import Catalogue, Episodes
from pipeline_lib.methods.base import Method, Prediction
from pipeline_lib.metrics.loss import row_loss
from pipeline_lib.settings.task import Task

USERS_PER_BATCH = 128
ROWS_PER_BATCH = 200_000  # half a gigabyte a layer of 320 units in float64


@torch.no_grad()
def predict_fold(
    method: Method, episodes: Episodes, catalogue: Catalogue, team: Team = ALONE
) -> tuple[Tensor, dict[str, Tensor]]:
    """Score every query row of a fold; return scores [query rows] and diagnostics, [users] by name.

    Each process of a team scores some users, and all return all scores.
    """
    score = torch.zeros_like(episodes.query.target)
    diagnostics: dict[str, Tensor] = {}
    users = torch.arange(len(episodes), device=episodes.user.device)
    parts = users.split(USERS_PER_BATCH)
    own = parts[team.rank :: team.size]
    for part in own or parts[:1]:
        for batch, prediction in _predict(method, episodes, catalogue, part):
            score[batch.query.position] = prediction.score
            for name, values in prediction.diagnostics.items():
                column = diagnostics.setdefault(name, score.new_zeros(len(users)))
                column[batch.users] = values
    found = [score, *diagnostics.values()]
    if not own:  # it learned the diagnostics' names, and adds nothing to the team's sums
        for tensor in found:
            tensor.zero_()
    team.sum_all_(found)
    return score, diagnostics


def _predict(
    method: Method, episodes: Episodes, catalogue: Catalogue, users: Tensor
) -> list[tuple[Batch, Prediction]]:
    """Score some users, in halves where they have too many rows, or the memory is too small."""
    if len(users) > 1 and _rows(episodes, users) > ROWS_PER_BATCH:
        return _in_halves(method, episodes, catalogue, users)
    try:
        batch = take_batch(episodes, catalogue, users)
        found = [(batch, method.predict(batch))]
    except (MemoryError, RuntimeError) as error:
        if len(users) == 1 or not is_out_of_memory(error):
            raise
    else:
        return found
    torch.cuda.empty_cache()
    return _in_halves(method, episodes, catalogue, users)


def _in_halves(
    method: Method, episodes: Episodes, catalogue: Catalogue, users: Tensor
) -> list[tuple[Batch, Prediction]]:
    return [x for half in users.chunk(2) for x in _predict(method, episodes, catalogue, half)]


def _rows(episodes: Episodes, users: Tensor) -> int:
    sides = episodes.support.users, episodes.query.users
    return sum(int(side.lengths(users).sum()) for side in sides)


@dataclass(frozen=True)
class Validation:
    """A fold's scores and losses.

    score: [query rows]. diagnostics: [users] by name. losses: [users], the mean loss of each
    user's query rows; loss: their mean.
    """

    score: Tensor
    diagnostics: dict[str, Tensor]
    losses: Tensor
    loss: float


def validate(
    method: Method, episodes: Episodes, catalogue: Catalogue, task: Task, team: Team = ALONE
) -> Validation:
    """Score every query row of a fold, and compute each user's loss and their mean."""
    score, diagnostics = predict_fold(method, episodes, catalogue, team)
    query = episodes.query
    users = torch.arange(len(episodes), device=score.device)
    _, owner, _ = query.users.take(users)
    total = score.new_zeros(len(users)).index_add(0, owner, row_loss(task, score, query.target))
    losses = total / query.users.lengths(users)
    return Validation(score, diagnostics, losses, float(losses.mean()))
