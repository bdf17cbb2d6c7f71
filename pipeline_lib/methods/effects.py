"""Mixed effects: each user differs from a common model by random effects of their own."""

from abc import abstractmethod

import torch
from torch import Tensor, nn

from pipeline_lib.episodes.batch import Batch, BatchRows
from pipeline_lib.episodes.format import Episodes
from pipeline_lib.meta.blocks import make_blocks
from pipeline_lib.meta.rates import LearningRateNetwork
from pipeline_lib.meta.row_products import row_products
from pipeline_lib.methods.base import INNER_LR, Learner, Prediction, Problem
from pipeline_lib.metrics.loss import relative_weight, row_weight, weighted_mean
from pipeline_lib.models.effects import EffectsNetwork
from pipeline_lib.models.least_squares import Rated
from pipeline_lib.models.preference import over_slots
from pipeline_lib.settings.methods.effects import (
    EffectsMeLUSettings,
    EffectsPAMLSettings,
    EffectsSettings,
    GradientEffectsSettings,
)
from pipeline_lib.settings.task import ClickTask


class EffectsLearner(Learner):
    """A learner whose users weigh an item's features in ways of their own, fitted to support rows.

    A user's loss is the mean squared error of the query rows, weighted as in the task's loss.
    """

    mean: Tensor

    def __init__(self, settings: EffectsSettings, problem: Problem) -> None:
        super().__init__()
        self.task = problem.task
        self.network = EffectsNetwork(settings, problem.sizes, problem.items)
        self.register_buffer("mean", torch.zeros(()))

    @abstractmethod
    def coefficients(
        self, products: Tensor, residual: Tensor, weight: Tensor, rate: Tensor | None
    ) -> Tensor:
        """Compute a, [users, rows], with which a user's effect on a row q is Σ_r K(q, r) a(r).

        products: K between support rows, [users, rows, rows]. residual, weight: of the support
        rows, [users, rows]; both 0 where a user has fewer. rate: [users], inner learning rates.
        """

    def rates(self, _batch: Batch) -> Tensor | None:
        """Return inner learning rates, [users], or None for a method without."""
        return None

    def warm_start(self, train: Episodes) -> None:
        """Set initial biases and factors by a matrix factorisation of all rows."""
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
        """Fit users' effects to the support rows, and score the query rows."""
        score, rate = self._score(batch)
        bounded = score.clamp(0, 1) if isinstance(self.task, ClickTask) else score
        return Prediction(bounded, {} if rate is None else {INNER_LR: rate})

    def _score(self, batch: Batch) -> tuple[Tensor, Tensor | None]:
        own, features = self.network.items(batch)
        prior, rate = self.network.prior(batch), self.rates(batch)

        def expect(rows: BatchRows) -> Tensor:
            """Compute the scores of rows, [rows], from profiles alone."""
            product = (rows.spread(prior) * features.index_select(0, rows.item)).sum(1)
            return self.mean + own.index_select(0, rows.item) + product

        blocks, support = make_blocks(batch), batch.support
        residual = support.target - expect(support)
        weight = relative_weight(self.task, support.target, self.mean)
        parts = zip(
            row_products(self.network, batch, blocks),
            blocks.support.pad(torch.stack((residual, weight), 1)),
            blocks.users(rate) if rate is not None else [None] * len(blocks.query.shapes),
            strict=True,
        )
        effects = []
        for products, rows, rates in parts:
            found = self.coefficients(products.support, rows[..., 0], rows[..., 1], rates)
            effects.append(products.query @ found[..., None])
        return expect(batch.query) + blocks.query.unpad(effects)[:, 0], rate


class GradientEffects(EffectsLearner):
    """Take gradient steps on the support rows' mean weighted squared error, from no effect.

    A step changes a user's weights by Σ_r V x(r) a(r), where a(r) = 2 α w(r) e(r) / rows and e(r)
    is the row's residual; V scales the rate of each feature, and α is the user's rate.
    """

    def __init__(self, settings: GradientEffectsSettings, problem: Problem) -> None:
        super().__init__(settings, problem)
        self.inner_steps = settings.inner_steps

    def coefficients(
        self, products: Tensor, residual: Tensor, weight: Tensor, rate: Tensor | None
    ) -> Tensor:
        """Sum the steps; raise ValueError without rates."""
        if rate is None:
            raise ValueError("gradient steps need a rate")
        rows = (weight > 0).sum(1).clamp(min=1)
        size = 2 * rate[:, None] * weight / rows[:, None]
        found = torch.zeros_like(residual)
        for _ in range(self.inner_steps):
            left = residual - (products @ found[..., None])[..., 0]
            found = found + size * left
        return found


class EffectsMeLU(GradientEffects):
    """One fixed learning rate for all users (Lee et al. 2019)."""

    def __init__(self, settings: EffectsMeLUSettings, problem: Problem) -> None:
        super().__init__(settings, problem)
        self.inner_lr = settings.inner_lr

    def rates(self, batch: Batch) -> Tensor:
        """Return the fixed learning rate for every user."""
        return batch.values.new_full((len(batch),), self.inner_lr)


class EffectsPAML(GradientEffects):
    """A network computes the learning rate from the user's embedding (Yu et al. 2021)."""

    def __init__(self, settings: EffectsPAMLSettings, problem: Problem) -> None:
        super().__init__(settings, problem)
        size = settings.embedding_size
        self.embedding = nn.Embedding(problem.sizes.user_values + 1, size, padding_idx=0)
        self.width = problem.sizes.user_features * size
        self.learning_rate = LearningRateNetwork(self.width, settings.lr_hidden, settings.lr_max)

    def rates(self, batch: Batch) -> Tensor:
        """Compute each user's learning rate."""
        users = self.embedding(batch.codes) * batch.values[..., None]
        rates: Tensor = self.learning_rate(over_slots(users, self.width))
        return rates


class EffectsRidge(EffectsLearner):
    """The most likely effects: a ridge regression for each user (Bertinetto et al. 2019)."""

    def coefficients(
        self, products: Tensor, residual: Tensor, weight: Tensor, rate: Tensor | None
    ) -> Tensor:
        """Solve (√W K √W + 1) c = √W r and return √W c."""
        del rate
        root = weight.sqrt()
        gram = root[:, :, None] * products * root[:, None, :]
        factor = torch.linalg.cholesky(
            gram + torch.eye(gram.shape[1], dtype=gram.dtype, device=gram.device)
        )
        return root * torch.cholesky_solve((root * residual)[..., None], factor)[..., 0]


METHODS = {"effects-ridge": EffectsRidge, "effects-melu": EffectsMeLU, "effects-paml": EffectsPAML}
