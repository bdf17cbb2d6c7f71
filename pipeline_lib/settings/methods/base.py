"""What the settings of every method, and of every learner, have."""

from typing import Any, Literal

from pydantic import Field, PositiveFloat, PositiveInt

from pipeline_lib.settings.strict import Strict

Order = Literal["first", "second"]
Role = Literal["reference", "baseline", "proposed", "ablation"]


class MethodSettings(Strict):
    """What every method has."""

    kind: str
    label: str | None = Field(
        None, description="Name in tables and figures; without it, the file's name."
    )
    role: Role = Field(
        "proposed",
        description="reference: not in the paper; baseline, proposed: in Tables 2 and 4; ablation: "
        "a variant of a proposed method, in Tables 3 and 5.",
    )

    def for_training(self) -> dict[str, Any]:
        """Dump what training depends on: all but what tables show."""
        return self.model_dump(mode="json", exclude={"label", "role"})


class LearnerSettings(MethodSettings):
    """What every method trained by gradient descent has."""

    epochs: PositiveInt
    users_per_batch: PositiveInt
    outer_lr: PositiveFloat


class InnerLoop(LearnerSettings):
    """What every method has whose users adapt by gradient steps."""

    inner_steps: PositiveInt = Field(1, description="Gradient steps on each user's support rows.")
    adapt: Literal["decision", "all"] = Field(
        "decision", description="decision: the layers alone; all: the embeddings as well."
    )
    order: Order = Field(
        "second",
        description="second: differentiate through the inner steps; first: do not.",
    )
