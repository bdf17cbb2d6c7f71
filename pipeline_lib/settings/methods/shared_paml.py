"""Settings of PAML without personal rates."""

from typing import Literal

from pydantic import Field, PositiveFloat

from pipeline_lib.settings.methods.base import InnerLoop


class SharedPAMLSettings(InnerLoop):
    """Meta-learning with one learned inner learning rate for all users."""

    kind: Literal["shared-paml"]
    lr_max: PositiveFloat = Field(description="Upper bound of the learning rate.")


Settings = SharedPAMLSettings
