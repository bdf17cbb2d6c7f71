"""Settings of PAML and its variants without a memory."""

from typing import Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from pipeline_lib.settings.methods.base import InnerLoop


class UserRateSettings(InnerLoop):
    """The settings of every method with a network that chooses a learning rate per user."""

    lr_max: PositiveFloat = Field(description="Upper bound of the network's learning rates.")
    lr_hidden: tuple[PositiveInt, ...] = Field(description="Widths of the learning-rate network.")


class PAMLSettings(UserRateSettings):
    """Meta-learning with an inner learning rate per user."""

    kind: Literal["paml"]


class RegPAMLSettings(UserRateSettings):
    """PAML with a regulariser."""

    kind: Literal["reg-paml"]
    gamma: NonNegativeFloat = Field(description="Weight γ of the regulariser.")


class SharedPAMLSettings(InnerLoop):
    """Meta-learning with one learned inner learning rate for all users."""

    kind: Literal["shared-paml"]
    lr_max: PositiveFloat = Field(description="Upper bound of the learning rate.")
