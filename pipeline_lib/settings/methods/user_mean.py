"""Settings of the user mean."""

from typing import Literal

from pydantic import Field, NonNegativeFloat

from pipeline_lib.settings.methods.base import MethodSettings


class UserMeanSettings(MethodSettings):
    """Predict the mean of the user's support rows."""

    kind: Literal["user-mean"]
    click_shrinkage: NonNegativeFloat = Field(
        0, description="Pseudo-rows at the global mean where clicks are predicted, not ratings."
    )


Settings = UserMeanSettings
