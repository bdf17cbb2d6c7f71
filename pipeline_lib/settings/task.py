"""Settings of the task: to predict ratings on a scale, or clicks."""

import math
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, PositiveFloat, Tag, model_validator

from pipeline_lib.settings.columns import Range
from pipeline_lib.settings.strict import Strict, by_kind

ROUNDING = 1e-6  # of steps, which may be no binary fractions
LARGEST = 100.0  # rating, either side of 0: losses are squares, and nDCG's gains powers of 2
FURTHEST = 1e-7  # least distance of a probability from 0 and from 1


def _learnable(scale: tuple[float, float]) -> tuple[float, float]:
    low, high = scale
    if max(-low, high) <= LARGEST:
        return scale
    divisor = 10 ** math.ceil(math.log10(max(-low, high) / LARGEST))
    ways = [f"`divide: {divisor}` and `scale: [{low / divisor:g}, {high / divisor:g}]`"]
    if low >= 0:
        ends = math.floor(100 * math.log1p(low)) / 100, math.ceil(100 * math.log1p(high)) / 100
        ways.insert(0, f"`transform: log1p` and `scale: [{ends[0]:g}, {ends[1]:g}]`")
    largest = high if high > LARGEST else low
    raise ValueError(
        f"{largest:g} is too large to be learned and ranked, {LARGEST:g} is the most; let the "
        f"target of the interactions have {', or '.join(ways)}"
    )


class RatingTask(Strict):
    """Predict ratings, judged by squared error."""

    kind: Literal["rating"] = "rating"
    scale: Annotated[Range, AfterValidator(_learnable)] = Field(
        description="Lowest and highest rating, as learned.", examples=["[1, 5]"]
    )
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
        return math.isclose((self.levels - 1) * self.spacing, high - low, rel_tol=ROUNDING)

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
