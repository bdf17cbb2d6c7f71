"""Settings of REG-PAML."""

from typing import Literal

from pydantic import Field, NonNegativeFloat

from pipeline_lib.settings.methods.paml import UserRateSettings


class RegPAMLSettings(UserRateSettings):
    """PAML with a regulariser."""

    kind: Literal["reg-paml"]
    gamma: NonNegativeFloat = Field(description="Weight γ of the regulariser.")


Settings = RegPAMLSettings
