"""Settings of the preference network."""

from typing import Annotated

from pydantic import Field, PositiveFloat, PositiveInt

from pipeline_lib.settings.strict import Strict


class Network(Strict):
    """The preference network all learners of a run share."""

    embedding_size: PositiveInt = Field(description="Width of each feature's embedding.")
    embedding_std: PositiveFloat = Field(description="Standard deviation of initial embeddings.")
    hidden: Annotated[tuple[PositiveInt, ...], Field(min_length=1)] = Field(
        description="Widths of the fully connected layers before the output."
    )
