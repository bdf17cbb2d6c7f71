"""Settings of matrix factorisation."""

from typing import Literal

from pydantic import Field, PositiveFloat, PositiveInt

from pipeline_lib.settings.methods.references import ItemBiasSettings


class MatrixFactorisationSettings(ItemBiasSettings):
    """Predict global mean + item bias + user bias + product of the user's and item's factors."""

    kind: Literal["matrix-factorisation"]
    item_shrinkage: PositiveFloat = Field(description="Penalty of an item's bias.")
    user_shrinkage: PositiveFloat = Field(description="Penalty of a user's bias.")
    factors: PositiveInt = Field(description="Factors of a user and of an item.")
    penalty: PositiveFloat = Field(description="Penalty of each factor.")
    sweeps: PositiveInt = Field(description="Times users and items are solved by turns.")
