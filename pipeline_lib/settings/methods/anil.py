"""Settings of ANIL."""

from typing import Literal

from pydantic import Field, PositiveFloat

from pipeline_lib.settings.methods.base import InnerSteps


class ANILSettings(InnerSteps):
    """Meta-learning whose users adapt the last layer alone."""

    kind: Literal["anil"]
    inner_lr: PositiveFloat = Field(description="Learning rate of every user's steps.")
