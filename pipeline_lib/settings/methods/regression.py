"""Settings of the regression on features."""

from typing import Literal

from pydantic import Field, PositiveFloat

from pipeline_lib.settings.methods.references import WithUserMeanSettings


class RegressionSettings(WithUserMeanSettings):
    """Add a weight for each value of profile and item and one of the user's mean, or log-odds."""

    kind: Literal["regression"]
    penalty: PositiveFloat = Field(
        description="Half of it times the sum of squared weights is added to the loss."
    )
