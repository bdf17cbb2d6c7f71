"""Settings of the methods with mixed effects."""

from typing import Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from pipeline_lib.settings.methods.base import LearnerSettings


class EffectsSettings(LearnerSettings):
    """The settings of every method with random effects of users, in units of the noise."""

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


class GradientEffectsSettings(EffectsSettings):
    """The settings of every method that finds users' random effects by gradient steps."""

    inner_steps: PositiveInt = Field(1, description="Gradient steps on each user's support rows.")


class EffectsMeLUSettings(GradientEffectsSettings):
    """Mixed effects, each user's found by gradient steps of one size."""

    kind: Literal["effects-melu"]
    inner_lr: PositiveFloat = Field(description="Learning rate of every user's steps.")


class EffectsPAMLSettings(GradientEffectsSettings):
    """Mixed effects, each user's found by gradient steps of a size a network chooses."""

    kind: Literal["effects-paml"]
    lr_max: PositiveFloat = Field(description="Upper bound of the network's learning rates.")
    lr_hidden: tuple[PositiveInt, ...] = Field(description="Widths of the learning-rate network.")
    embedding_size: PositiveInt = Field(description="Width of its embedding of a user's feature.")
