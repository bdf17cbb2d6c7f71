"""What the learners with mixed effects share: a network, and users who differ from its prior."""

from abc import abstractmethod

import torch
from torch import Tensor

from pipeline_lib.batch import Batch, PackedRows
from pipeline_lib.episodes import Episodes
from pipeline_lib.meta.blocks import make_blocks
from pipeline_lib.meta.kernel import kernels
from pipeline_lib.methods.base import Learner, Prediction, Problem
from pipeline_lib.metrics.weights import relative_weight, row_weight, weighted_mean
from pipeline_lib.models.effects import EffectsNetwork
from pipeline_lib.models.factors import Rated
from pipeline_lib.settings.methods.effects_ridge import EffectsSettings
from pipeline_lib.settings.task import ClickTask


class EffectsLearner(Learner):
    """A learner whose users weigh an item's features in ways of their own, found on support rows.

    Its loss is the mean over users of the query rows' mean squared error, weighed as the task's
    loss is.
    """

    mean: Tensor

    def __init__(self, settings: EffectsSettings, problem: Problem) -> None:
        super().__init__()
        self.task = problem.task
        self.network = EffectsNetwork(settings, problem.sizes, problem.items)
        self.register_buffer("mean", torch.zeros(()))

    @abstractmethod
    def coefficients(
        self, kernel: Tensor, residual: Tensor, weight: Tensor, rate: Tensor | None
    ) -> Tensor:
        """Find a, [users, rows], so that a user's own effect on a row q is Σ_r K(q, r) a(r).

        kernel: [users, rows, rows]. residual, weight: [users, rows], of the support rows; both 0
        where a user has fewer. rate: [users], inner learning rates.
        """

    def rates(self, _batch: Batch) -> Tensor | None:
        """Choose inner learning rates, [users], if there are such."""
        return None

    def warm_start(self, train: Episodes) -> None:
        """Begin with a matrix factorisation of all rows."""
        item, target = train.all_rows()
        self.mean.copy_(weighted_mean(self.task, target))
        weight = relative_weight(self.task, target, self.mean)
        rows = Rated(train.owners(), item, target - self.mean, weight, len(train))
        self.network.warm_start(rows)

    def losses(self, batch: Batch) -> Tensor:
        """Compute each user's mean weighted squared error, [users]."""
        score, _ = self._score(batch)
        target = batch.query.target
        return batch.query.mean(row_weight(self.task, target) * (score - target).square())

    def predict(self, batch: Batch) -> Prediction:
        """Find users' effects on the support rows, and score the query rows."""
        score, rate = self._score(batch)
        return Prediction(score.clamp(0, 1) if isinstance(self.task, ClickTask) else score, rate)

    def _score(self, batch: Batch) -> tuple[Tensor, Tensor | None]:
        own, features = self.network.items(batch)
        prior, rate = self.network.prior(batch), self.rates(batch)

        def expect(rows: PackedRows) -> Tensor:
            """Predict rows, [rows], before anything is known of their users."""
            product = (rows.spread(prior) * features.index_select(0, rows.item)).sum(1)
            return self.mean + own.index_select(0, rows.item) + product

        blocks, support = make_blocks(batch), batch.support
        residual = support.target - expect(support)
        weight = relative_weight(self.task, support.target, self.mean)
        parts = zip(
            kernels(self.network, batch, blocks),
            blocks.pad(blocks.support, torch.stack((residual, weight), 1)),
            blocks.users(rate) if rate is not None else [None] * len(blocks.query),
            strict=True,
        )
        effects = []
        for kernel, rows, rates in parts:
            found = self.coefficients(kernel.support, rows[..., 0], rows[..., 1], rates)
            effects.append(kernel.query @ found[..., None])
        return expect(batch.query) + blocks.unpad(blocks.query, effects)[:, 0], rate
