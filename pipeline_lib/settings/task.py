"""What is to be predicted: a rating on a scale, or a click."""

from typing import Literal

from pydantic import Field, PositiveFloat, model_validator

from pipeline_lib.settings.strict import Strict


class RatingTask(Strict):
    """Predict ratings, judged by squared error."""

    kind: Literal["rating"] = "rating"
    scale: tuple[float, float] = Field(description="Lowest and highest rating.")

    @model_validator(mode="after")
    def _check_scale(self) -> "RatingTask":
        if self.scale[0] >= self.scale[1]:
            raise ValueError(f"scale must rise, but is {list(self.scale)}")
        return self

    @property
    def levels(self) -> int:
        """Count the whole steps of the scale."""
        return round(self.scale[1] - self.scale[0]) + 1

    @property
    def has_levels(self) -> bool:
        """Tell whether the scale is one of whole steps."""
        return (self.scale[1] - self.scale[0]).is_integer()


class ClickTask(Strict):
    """Predict the probability of a click, judged by weighted cross-entropy."""

    kind: Literal["click"] = "click"
    clicked_weight: PositiveFloat = Field(0.9, description="Weight of rows with a click.")
    other_weight: PositiveFloat = Field(0.1, description="Weight of rows without one.")


Task = RatingTask | ClickTask
