"""Settings of the boosted trees."""

from typing import Literal

from pydantic import Field, PositiveFloat, PositiveInt

from pipeline_lib.settings.methods.references import WithUserMeanSettings


class BoostedTreesSettings(WithUserMeanSettings):
    """Sum the values of trees on the user's mean and on values of profile and item."""

    kind: Literal["boosted-trees"]
    trees: PositiveInt = Field(description="Trees, each fitted to what those before it leave.")
    depth: PositiveInt = Field(description="Most questions from a tree's root to a leaf.")
    leaf_rows: PositiveInt = Field(description="Fewest training rows in a leaf.")
    learning_rate: PositiveFloat = Field(description="Factor on each tree's values.")
    columns: PositiveInt = Field(
        description="Most frequent values that trees may ask for, of users and as many of items."
    )
