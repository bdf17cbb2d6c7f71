"""Settings of the reference points."""

from typing import Literal

from pydantic import Field, NonNegativeFloat

from pipeline_lib.settings.methods.base import MethodSettings


class ItemBiasSettings(MethodSettings):
    """The settings of every method with a bias of items."""

    item_shrinkage: NonNegativeFloat = Field(description="Pseudo-rows at the global mean.")


class ItemMeanSettings(ItemBiasSettings):
    """Predict the item's mean over training rows, shrunk to the global mean."""

    kind: Literal["item-mean"]


class GlobalMeanSettings(MethodSettings):
    """Predict the mean rating of the training rows."""

    kind: Literal["global-mean"]


class WithUserMeanSettings(MethodSettings):
    """The settings of every method that reads the mean of a user's support rows."""

    click_shrinkage: NonNegativeFloat = Field(
        0, description="Pseudo-rows at the global mean where clicks are predicted, not ratings."
    )


class UserMeanSettings(WithUserMeanSettings):
    """Predict the mean of the user's support rows."""

    kind: Literal["user-mean"]


class TwoBiasSettings(ItemBiasSettings):
    """Predict global mean + item bias + user bias, the last from the support rows."""

    kind: Literal["two-bias"]
    user_shrinkage: NonNegativeFloat = Field(description="Pseudo-rows at the items' scores.")
