"""Settings of PAML."""

from typing import Literal

from pydantic import Field, PositiveFloat, PositiveInt

from pipeline_lib.settings.methods.base import InnerLoop


class UserRateSettings(InnerLoop):
    """What every method has whose inner learning rates a network chooses user by user."""

    lr_max: PositiveFloat = Field(description="Upper bound of the network's learning rates.")
    lr_hidden: tuple[PositiveInt, ...] = Field(description="Widths of the learning-rate network.")


class PAMLSettings(UserRateSettings):
    """Meta-learning with an inner learning rate per user."""

    kind: Literal["paml"]


Settings = PAMLSettings
