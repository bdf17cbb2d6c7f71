"""Transfer learning: pooled training, then one step on each new user's support rows."""

import torch
from torch import Tensor

from pipeline_lib.batch import Batch
from pipeline_lib.methods.adaptive import AdaptiveLearner
from pipeline_lib.methods.base import Problem
from pipeline_lib.settings.methods.transfer import TransferSettings


class Transfer(AdaptiveLearner):
    """Train on all rows alike and fine-tune at prediction only (Yu et al. 2021, "Baselines")."""

    def __init__(self, settings: TransferSettings, problem: Problem) -> None:
        super().__init__(problem, "first")
        self.settings = settings

    def inner_lr(self, users: Tensor) -> Tensor:
        """Return the fine-tuning rate, [users]."""
        return users.new_full((len(users),), self.settings.inner_lr)

    def loss(self, batch: Batch) -> Tensor:
        """Compute the mean squared error of all rows, unadapted."""
        embedded = self.network.embed(batch)
        errors = [self.network(embedded, r) - r.target for r in (batch.support, batch.query)]
        return torch.cat(errors).square().mean()


build = Transfer
