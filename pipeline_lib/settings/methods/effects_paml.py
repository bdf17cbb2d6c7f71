"""Settings of mixed effects found by gradient steps of a size for each user."""

from typing import Literal

from pydantic import Field, PositiveFloat, PositiveInt

from pipeline_lib.settings.methods.effects_melu import GradientEffectsSettings


class EffectsPAMLSettings(GradientEffectsSettings):
    """Mixed effects, each user's found by gradient steps of a size a network chooses."""

    kind: Literal["effects-paml"]
    lr_max: PositiveFloat = Field(description="Upper bound of the network's learning rates.")
    lr_hidden: tuple[PositiveInt, ...] = Field(description="Widths of the learning-rate network.")
    embedding_size: PositiveInt = Field(description="Width of its embedding of a user's feature.")


Settings = EffectsPAMLSettings
