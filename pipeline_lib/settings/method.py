"""Settings of one method: `config/methods/<name>.yaml`, told apart by `kind`."""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from pipeline_lib.settings.strict import Strict

Order = Annotated[
    Literal["first", "second"],
    Field(description="second: differentiate through the inner step; first: do not."),
]


class MethodSettings(Strict):
    """What every method has."""

    kind: str
    label: str = Field(description="Name in tables and figures.")
    role: Literal["reference", "baseline", "proposed"] = Field(
        description="reference: not in the paper; baseline, proposed: as in the paper."
    )


class GlobalMeanSettings(MethodSettings):
    """Predict the mean rating of the training rows."""

    kind: Literal["global-mean"]


class UserMeanSettings(MethodSettings):
    """Predict the mean of the user's support rows."""

    kind: Literal["user-mean"]


class ItemMeanSettings(MethodSettings):
    """Predict the item's mean over training rows, shrunk to the global mean."""

    kind: Literal["item-mean"]
    item_shrinkage: NonNegativeFloat = Field(description="Pseudo-rows at the global mean.")


class TwoBiasSettings(MethodSettings):
    """Predict global mean + item bias + user bias, the last from the support rows."""

    kind: Literal["two-bias"]
    item_shrinkage: NonNegativeFloat
    user_shrinkage: NonNegativeFloat


class LearnerSettings(MethodSettings):
    """What every method trained by gradient descent has."""

    epochs: PositiveInt
    users_per_batch: PositiveInt
    outer_lr: PositiveFloat


class TransferSettings(LearnerSettings):
    """Pooled training, then one step on the user's support rows."""

    kind: Literal["transfer"]
    inner_lr: PositiveFloat


class MeLUSettings(LearnerSettings):
    """Meta-learning with one fixed inner learning rate."""

    kind: Literal["melu"]
    inner_lr: PositiveFloat
    order: Order


class PAMLSettings(LearnerSettings):
    """Meta-learning with an inner learning rate per user."""

    kind: Literal["paml"]
    lr_max: PositiveFloat = Field(description="Upper bound of the inner learning rates.")
    lr_hidden: tuple[PositiveInt, ...] = Field(description="Widths of the learning-rate network.")
    order: Order


KINDS: dict[str, type[MethodSettings]] = {
    "global-mean": GlobalMeanSettings,
    "user-mean": UserMeanSettings,
    "item-mean": ItemMeanSettings,
    "two-bias": TwoBiasSettings,
    "transfer": TransferSettings,
    "melu": MeLUSettings,
    "paml": PAMLSettings,
}
