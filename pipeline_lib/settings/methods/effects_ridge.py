"""Settings of mixed effects solved in closed form."""

from typing import Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat

from pipeline_lib.settings.methods.base import LearnerSettings


class EffectsSettings(LearnerSettings):
    """What every method has whose users differ by random effects, in units of the noise."""

    factors: NonNegativeInt = Field(description="Factors of an item.")
    sweeps: NonNegativeInt = Field(
        description="Sweeps of the matrix factorisation that training begins with."
    )
    item_shrinkage: PositiveFloat = Field(description="Its penalty of an item's bias.")
    user_variance: PositiveFloat = Field(description="Variance of users' biases.")
    factor_variance: PositiveFloat = Field(description="Of users' weights of each factor.")
    feature_variance: NonNegativeFloat = Field(
        description="Of users' weights of each value of an item's feature; 0 leaves features out."
    )


class EffectsRidgeSettings(EffectsSettings):
    """Mixed effects, each user's solved in closed form."""

    kind: Literal["effects-ridge"]


Settings = EffectsRidgeSettings
