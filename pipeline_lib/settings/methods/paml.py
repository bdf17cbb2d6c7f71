"""Settings of PAML."""

from typing import Literal

from pydantic import Field, PositiveFloat, PositiveInt

from pipeline_lib.settings.methods.base import LearnerSettings, OrderSetting


class PAMLSettings(LearnerSettings):
    """Meta-learning with an inner learning rate per user."""

    kind: Literal["paml"]
    lr_max: PositiveFloat = Field(description="Upper bound of the inner learning rates.")
    lr_hidden: tuple[PositiveInt, ...] = Field(description="Widths of the learning-rate network.")
    order: OrderSetting


Settings = PAMLSettings
