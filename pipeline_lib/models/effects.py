"""The mixed-effects model: an item's score for all users, and how one user may differ.

A user's score of an item is b(i) + (m(h) + g) · x(i): the item's bias, the weights of its features
x for users of the profile h, and this user's own deviation g ~ N(0, V), V in units of the noise.
The features are 1, the item's factors, and each value that the item has.
"""

import torch
from torch import Tensor, nn

from pipeline_lib.episodes.batch import Batch
from pipeline_lib.models.least_squares import ItemFactors, Rated, alternate, with_one
from pipeline_lib.models.preference import InputSizes
from pipeline_lib.settings.methods.effects import EffectsSettings

INITIAL_STD = 0.1


class EffectsNetwork(nn.Module):
    """Biases, factors, effects of values and profiles, and variances.

    Factors start at random, variances as in the settings, all else at 0. The effect of code 0, an
    unknown value, is always 0.
    """

    initial_variance: Tensor

    def __init__(self, settings: EffectsSettings, sizes: InputSizes, items: int) -> None:
        super().__init__()
        self.settings = settings
        wide = 1 + settings.factors
        self.item_features = sizes.item_features
        self.item_bias = nn.Parameter(torch.zeros(items))
        self.item_factors = nn.Parameter(INITIAL_STD * torch.randn(items, settings.factors))
        self.values = _no_effect(sizes.item_values, wide)
        self.common = nn.Parameter(torch.zeros(wide))
        self.profile = _no_effect(sizes.user_values, wide)
        variances = [
            settings.user_variance,
            *[settings.factor_variance] * settings.factors,
            *[settings.feature_variance] * sizes.item_features,
        ]
        self.log_ratio = nn.Parameter(torch.zeros(len(variances)))
        self.register_buffer("initial_variance", torch.tensor(variances), persistent=False)

    def items(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return the items' biases, [items], and 1 and their factors, [items, 1 + factors]."""
        values = batch.embed_items(self.values.weight, self.item_features)
        shape = len(batch.items), self.item_features, len(self.common)
        effects = values.view(shape).sum(1)
        bias = self.item_bias[batch.items] + effects[:, 0]
        return bias, with_one(self.item_factors[batch.items] + effects[:, 1:])

    def prior(self, batch: Batch) -> Tensor:
        """Return m(h), the profiles' weights of 1 and the factors, [users, 1 + factors]."""
        own: Tensor = (self.profile(batch.codes) * batch.values[..., None]).sum(1)
        return self.common + own

    def variances(self) -> tuple[Tensor, Tensor]:
        """Return the variances of g: of 1 and factors, [1 + factors]; by feature, [features]."""
        own = self.initial_variance * self.log_ratio.exp()
        both: tuple[Tensor, Tensor] = own.split((len(self.common), self.item_features))
        return both

    @torch.no_grad()
    def warm_start(self, rows: Rated) -> None:
        """Set the biases and factors of a matrix factorisation of these rows."""
        settings = self.settings
        start = ItemFactors(self.item_bias, self.item_factors)
        like = [1 / settings.factor_variance] * settings.factors
        user = self.item_bias.new_tensor([1 / settings.user_variance, *like])
        item = self.item_bias.new_tensor([settings.item_shrinkage, *like])
        found = alternate(rows, start, user, item, settings.sweeps)
        self.item_bias.copy_(found.bias)
        self.item_factors.copy_(found.factors)


def _no_effect(values: int, size: int) -> nn.Embedding:
    embedding = nn.Embedding(values + 1, size, padding_idx=0)
    nn.init.zeros_(embedding.weight)
    return embedding
