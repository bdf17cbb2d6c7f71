"""Settings of MAMO."""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from pipeline_lib.settings.methods.base import InnerSteps

Written = Annotated[float, Field(ge=0, le=1)]


class MAMOSettings(InnerSteps):
    """Meta-learning whose initial weights come from memories of alike users."""

    kind: Literal["mamo"]
    inner_lr: PositiveFloat = Field(description="Learning rate of every user's steps.")
    embedding_layers: Annotated[tuple[PositiveInt, ...], Field(min_length=1)] = Field(
        description="Widths of the layers that embed a user's and an item's features."
    )
    memories: PositiveInt = Field(description="Number K of memories of each sort.")
    bias_rate: NonNegativeFloat = Field(
        description="τ, how far the remembered gradients move a user's initial weights."
    )
    profile_share: Written = Field(
        description="α, what each training user's profile replaces of the profile memory."
    )
    gradient_share: Written = Field(description="β, the same of the memory of gradients.")
    preference_share: Written = Field(description="γ, the same of the memory of preferences.")
