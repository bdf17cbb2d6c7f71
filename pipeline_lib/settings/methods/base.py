"""What the settings of every method, and of every learner, have."""

from typing import Annotated, Any, Literal

from pydantic import Field, PositiveFloat, PositiveInt

from pipeline_lib.settings.strict import Strict

Order = Literal["first", "second"]
OrderSetting = Annotated[
    Order,
    Field(description="second: differentiate through the inner step; first: do not."),
]


class MethodSettings(Strict):
    """What every method has."""

    kind: str
    label: str | None = Field(
        None, description="Name in tables and figures; without it, the file's name."
    )
    role: Literal["reference", "baseline", "proposed"] = Field(
        "proposed", description="reference: not in the paper; baseline, proposed: as in the paper."
    )

    def for_training(self) -> dict[str, Any]:
        """Dump what training depends on: all but what tables show."""
        return self.model_dump(mode="json", exclude={"label", "role"})


class LearnerSettings(MethodSettings):
    """What every method trained by gradient descent has."""

    epochs: PositiveInt
    users_per_batch: PositiveInt
    outer_lr: PositiveFloat
