"""Settings of Meta-SGD."""

from typing import Literal

from pydantic import Field, PositiveFloat

from pipeline_lib.settings.methods.base import InnerLoop


class MetaSGDSettings(InnerLoop):
    """Meta-learning with a learned inner learning rate for each weight."""

    kind: Literal["meta-sgd"]
    inner_lr: PositiveFloat = Field(description="Initial learning rate of every weight.")


Settings = MetaSGDSettings
