"""Settings of the regression on features."""

from typing import Literal

from pydantic import Field, PositiveFloat

from pipeline_lib.settings.methods.references import UsersMeanSettings


class RegressionSettings(UsersMeanSettings):
    """Add a weight for each value of profile and item and one of the user's mean, or log-odds."""

    kind: Literal["regression"]
    penalty: PositiveFloat = Field(description="Of half of each squared weight, beside rows' sum.")
