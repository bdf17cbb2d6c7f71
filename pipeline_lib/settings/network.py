"""Settings of the preference network."""

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt

from pipeline_lib.settings.strict import Strict

HeadKind = Literal["value", "levels"]


class Network(Strict):
    """The preference network all learners of a run share."""

    embedding_size: PositiveInt = Field(description="Width of each feature's embedding.")
    embedding_std: PositiveFloat = Field(description="Standard deviation of initial embeddings.")
    hidden: Annotated[tuple[PositiveInt, ...], Field(min_length=1)] = Field(
        description="Widths of the fully connected layers before the output."
    )
    head: HeadKind = Field(
        "value",
        description="value: one real output; levels: a logit for each level of the scale, whose "
        "expectation is the rating (clicks: two).",
    )
