"""Settings of the paper's baselines: MeLU, Meta-SGD and transfer learning."""

from typing import Literal

from pydantic import Field, PositiveFloat

from pipeline_lib.settings.methods.base import InnerLoop


class FixedRateSettings(InnerLoop):
    """The settings of every method whose users all take steps of one fixed size."""

    inner_lr: PositiveFloat = Field(description="Learning rate of every user's steps.")


class MeLUSettings(FixedRateSettings):
    """Meta-learning with one fixed inner learning rate."""

    kind: Literal["melu"]


class MetaSGDSettings(InnerLoop):
    """Meta-learning with a learned inner learning rate for each weight."""

    kind: Literal["meta-sgd"]
    inner_lr: PositiveFloat = Field(description="Initial learning rate of every weight.")


class TransferSettings(FixedRateSettings):
    """Pooled training, then gradient steps on the user's support rows."""

    kind: Literal["transfer"]
    order: Literal["first"] = Field(
        "first", description="Training takes no inner step to differentiate through."
    )
    support_share: None = Field(None, description="Training pools all rows, however dealt.")
