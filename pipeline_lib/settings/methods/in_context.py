"""Settings of the in-context learner."""

from typing import Literal, Self

from pydantic import Field, PositiveInt, model_validator

from pipeline_lib.settings.methods.base import EmbeddedSettings


class InContextSettings(EmbeddedSettings):
    """A transformer that reads a user's support rows and scores the query rows."""

    kind: Literal["in-context"]
    width: PositiveInt = Field(description="Numbers of a row's token.")
    heads: PositiveInt = Field(description="Heads of attention; they share the width evenly.")
    layers: PositiveInt = Field(description="Layers of attention.")

    @model_validator(mode="after")
    def _check_heads(self) -> Self:
        if self.width % self.heads:
            raise ValueError(f"heads: must divide width {self.width}, but is {self.heads}")
        return self
