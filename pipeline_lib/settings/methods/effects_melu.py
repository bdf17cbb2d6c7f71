"""Settings of mixed effects found by gradient steps of one size."""

from typing import Literal

from pydantic import Field, PositiveFloat, PositiveInt

from pipeline_lib.settings.methods.effects_ridge import EffectsSettings


class GradientEffectsSettings(EffectsSettings):
    """What every method has whose users' random effects are found by gradient steps."""

    inner_steps: PositiveInt = Field(1, description="Gradient steps on each user's support rows.")


class EffectsMeLUSettings(GradientEffectsSettings):
    """Mixed effects, each user's found by gradient steps of one size."""

    kind: Literal["effects-melu"]
    inner_lr: PositiveFloat = Field(description="Learning rate of every user's steps.")


Settings = EffectsMeLUSettings
