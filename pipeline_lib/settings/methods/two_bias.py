"""Settings of the two-bias model."""

from typing import Literal

from pydantic import Field, NonNegativeFloat

from pipeline_lib.settings.methods.base import MethodSettings


class TwoBiasSettings(MethodSettings):
    """Predict global mean + item bias + user bias, the last from the support rows."""

    kind: Literal["two-bias"]
    item_shrinkage: NonNegativeFloat = Field(description="Pseudo-rows at the global mean.")
    user_shrinkage: NonNegativeFloat = Field(description="Pseudo-rows at the items' scores.")


Settings = TwoBiasSettings
