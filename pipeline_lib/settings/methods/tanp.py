"""Settings of TaNP."""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from pipeline_lib.settings.methods.base import EmbeddedSettings

Widths = Annotated[tuple[PositiveInt, ...], Field(min_length=1)]


class TaNPSettings(EmbeddedSettings):
    """A neural process with clusters of users, which modulate its decoder's hidden layers."""

    kind: Literal["tanp"]
    embedding_layers: Widths = Field(
        description="Widths of layers on a user's, an item's features."
    )
    encoder: Widths = Field(description="Widths of the layers that encode a row for z.")
    latent_size: PositiveInt = Field(description="Numbers in a user's latent z.")
    task_encoder: Widths = Field(description="Of the layers that encode a row for the task.")
    clusters: PositiveInt = Field(description="Vectors in the global memory of tasks.")
    temperature: PositiveFloat = Field(
        description="Degrees of freedom of the t-kernel between a user and a cluster."
    )
    cluster_weight: NonNegativeFloat = Field(description="Weight of the clustering loss.")
    modulation: Literal["film", "gating"] = Field(
        description="film: a scale and a shift of each hidden output; gating: both mixed by a gate."
    )
