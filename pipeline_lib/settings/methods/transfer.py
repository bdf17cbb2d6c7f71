"""Settings of transfer learning."""

from typing import Literal

from pydantic import Field, PositiveFloat

from pipeline_lib.settings.methods.base import LearnerSettings


class TransferSettings(LearnerSettings):
    """Pooled training, then one step on the user's support rows."""

    kind: Literal["transfer"]
    inner_lr: PositiveFloat = Field(description="Learning rate of the one fine-tuning step.")


Settings = TransferSettings
