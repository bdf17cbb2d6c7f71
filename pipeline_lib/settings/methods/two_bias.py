"""Settings of the two-bias model."""

from typing import Literal

from pydantic import Field, NonNegativeFloat

from pipeline_lib.settings.methods.item_mean import ItemBiasSettings


class TwoBiasSettings(ItemBiasSettings):
    """Predict global mean + item bias + user bias, the last from the support rows."""

    kind: Literal["two-bias"]
    user_shrinkage: NonNegativeFloat = Field(description="Pseudo-rows at the items' scores.")


Settings = TwoBiasSettings
