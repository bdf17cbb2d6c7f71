"""Settings of transfer learning."""

from typing import Literal

from pydantic import Field

from pipeline_lib.settings.methods.melu import FixedRateSettings


class TransferSettings(FixedRateSettings):
    """Pooled training, then gradient steps on the user's support rows."""

    kind: Literal["transfer"]
    order: Literal["first"] = Field(
        "first", description="Training takes no inner step to differentiate through."
    )


Settings = TransferSettings
