"""Settings of PAML and its variants without a memory."""

from operator import not_
from typing import Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from pipeline_lib.settings.methods.base import InnerLoop


class Shrinkable(InnerLoop):
    """The settings of every method whose rates may grow with the user's support rows."""

    shrinkage: PositiveFloat | None = Field(
        None,
        exclude_if=not_,
        description="A user with n support rows has n / (n + λ) of the rate, λ being learned; this "
        "is its first value. Without it n does not count.",
        examples=["3"],
    )


class UserRateSettings(Shrinkable):
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


class SharedPAMLSettings(Shrinkable):
    """Meta-learning with one learned inner learning rate for all users."""

    kind: Literal["shared-paml"]
    lr_max: PositiveFloat = Field(description="Upper bound of the learning rate.")
