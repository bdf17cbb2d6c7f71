"""Settings of the item mean."""

from typing import Literal

from pydantic import Field, NonNegativeFloat

from pipeline_lib.settings.methods.base import MethodSettings


class ItemBiasSettings(MethodSettings):
    """What every method has that gives items a bias."""

    item_shrinkage: NonNegativeFloat = Field(description="Pseudo-rows at the global mean.")


class ItemMeanSettings(ItemBiasSettings):
    """Predict the item's mean over training rows, shrunk to the global mean."""

    kind: Literal["item-mean"]


Settings = ItemMeanSettings
