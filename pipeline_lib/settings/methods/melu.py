"""Settings of MeLU."""

from typing import Literal

from pydantic import Field, PositiveFloat

from pipeline_lib.settings.methods.base import LearnerSettings, OrderSetting


class MeLUSettings(LearnerSettings):
    """Meta-learning with one fixed inner learning rate."""

    kind: Literal["melu"]
    inner_lr: PositiveFloat = Field(description="Learning rate of every user's one step.")
    order: OrderSetting


Settings = MeLUSettings
