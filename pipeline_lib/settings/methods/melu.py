"""Settings of MeLU."""

from typing import Literal

from pydantic import Field, PositiveFloat

from pipeline_lib.settings.methods.base import InnerLoop


class FixedRateSettings(InnerLoop):
    """What every method has whose users all take steps of one fixed size."""

    inner_lr: PositiveFloat = Field(description="Learning rate of every user's steps.")


class MeLUSettings(FixedRateSettings):
    """Meta-learning with one fixed inner learning rate."""

    kind: Literal["melu"]


Settings = MeLUSettings
