"""Settings of the task: to predict ratings on a scale, or clicks."""

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, Tag

from pipeline_lib.settings.columns import Range
from pipeline_lib.settings.strict import Strict, by_kind

FURTHEST = 1e-7  # least distance of a probability from 0 and from 1


class RatingTask(Strict):
    """Predict ratings, judged by squared error."""

    kind: Literal["rating"] = "rating"
    scale: Range = Field(description="Lowest and highest rating.", examples=["[1, 5]"])

    @property
    def levels(self) -> int:
        """Return the number of levels of a scale of whole steps."""
        return round(self.scale[1] - self.scale[0]) + 1

    @property
    def has_levels(self) -> bool:
        """Return whether the scale is one of whole steps."""
        return (self.scale[1] - self.scale[0]).is_integer()


class ClickTask(Strict):
    """Predict the probability of a click, judged by weighted cross-entropy."""

    kind: Literal["click"] = "click"
    clicked_weight: PositiveFloat = Field(0.9, description="Weight of rows with a click.")
    other_weight: PositiveFloat = Field(0.1, description="Weight of rows without one.")

    @property
    def scale(self) -> tuple[float, float]:
        """Return the targets of no click and of a click."""
        return (0.0, 1.0)

    @property
    def has_levels(self) -> bool:
        """Return True: a click has two levels."""
        return True


Task = Annotated[
    Annotated[RatingTask, Tag("rating")] | Annotated[ClickTask, Tag("click")],
    by_kind(
        "a task is a rating or a click; write `{kind: rating, scale: [1, 5]}` or `{kind: click}`"
    ),
]
