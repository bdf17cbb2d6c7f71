"""Settings of the item mean."""

from typing import Literal

from pydantic import Field, NonNegativeFloat

from pipeline_lib.settings.methods.base import MethodSettings


class ItemMeanSettings(MethodSettings):
    """Predict the item's mean over training rows, shrunk to the global mean."""

    kind: Literal["item-mean"]
    item_shrinkage: NonNegativeFloat = Field(description="Pseudo-rows at the global mean.")


Settings = ItemMeanSettings
