"""Settings of the task: to predict ratings on a scale, or clicks."""

from math import isclose
from typing import Annotated, Literal, Self

from pydantic import Field, PositiveFloat, Tag, model_validator

from pipeline_lib.settings.columns import Range
from pipeline_lib.settings.strict import Strict, by_kind

ROUNDING = 1e-6  # of steps, which may be no binary fractions
FURTHEST = 1e-7  # least distance of a probability from 0 and from 1


class RatingTask(Strict):
    """Predict ratings, judged by squared error."""

    kind: Literal["rating"] = "rating"
    scale: Range = Field(description="Lowest and highest rating.", examples=["[1, 5]"])

    step: PositiveFloat | None = Field(
        None,
        description="From one rating to the next, as 0.5 for half stars; others are rejected. "
        "Without it any rating on the scale is right, and `head: levels` takes whole steps.",
        examples=["0.5"],
    )

    @property
    def spacing(self) -> float:
        """Return the distance of two levels."""
        return self.step or 1.0

    @property
    def levels(self) -> int:
        """Return the number of levels of a scale of whole steps."""
        return round((self.scale[1] - self.scale[0]) / self.spacing) + 1

    @property
    def has_levels(self) -> bool:
        """Return whether steps lead from one end of the scale to the other."""
        low, high = self.scale
        return isclose((self.levels - 1) * self.spacing, high - low, rel_tol=ROUNDING)

    @model_validator(mode="after")
    def _check_step(self) -> Self:
        if self.step and not self.has_levels:
            low, high = self.scale
            raise ValueError(
                f"steps of {self.step:g} do not lead from {low:g} to {high:g}; write for example "
                "`{kind: rating, scale: [0.5, 5], step: 0.5}`"
            )
        return self


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
