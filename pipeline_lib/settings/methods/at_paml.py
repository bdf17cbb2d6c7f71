"""Settings of AT-PAML."""

from operator import not_
from typing import Literal, Self

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from pipeline_lib.settings.methods.paml import UserRateSettings
from pipeline_lib.settings.strict import Strict

KnownUsers = Literal["keep", "replace", "append"]


class FlannSettings(Strict):
    """Approximate search by FLANN's randomised kd-trees."""

    trees: PositiveInt = 4
    checks: PositiveInt = Field(256, description="Leaves a search may look at.")
    rebuild_every: PositiveInt = Field(
        100,
        description="Changes of the memory between two builds, two a step; what is new or has "
        "moved is found exactly meanwhile.",
    )
    drift: PositiveFloat = Field(
        0.1, description="How far a node counts as unmoved, in the kernel's lengths 1/√δ."
    )


class ATPAMLSettings(UserRateSettings):
    """PAML with a memory of similar users' learning rates."""

    kind: Literal["at-paml"]
    shrinkage: None = Field(
        None, exclude_if=not_, description="Not available: nodes store unshrunk rates."
    )
    memory_size: PositiveInt = Field(description="Most nodes; the least recently used goes.")
    neighbours: PositiveInt = Field(description="Nodes consulted for a user in training.")
    neighbours_at_inference: PositiveInt = Field(description="Nodes consulted for a new user.")
    delta: PositiveFloat = Field(description="δ of the kernel exp(−δ d²).")
    sigma: PositiveFloat = Field(description="σ, added to the sum of similarities.")
    distance: Literal["scaled", "raw"] = Field(
        description="scaled: d² is the mean squared difference, in units of the initial "
        "embeddings' variance; raw: the squared distance, at which the kernel is dead unless "
        "embedding_std is small."
    )
    warmup_epochs: NonNegativeInt = Field(description="First epochs that only store nodes.")
    warmup_lr: PositiveFloat = Field(description="Every user's inner rate in these.")
    known_users: KnownUsers = Field(
        description="keep: a user met again keeps the node, which gradients train; replace: the "
        "user's present embedding and rate replace it, and so rates add up from epoch to epoch; "
        "append: they become a further node beside it."
    )
    index: Literal["exact", "flann"] = Field(description="How the nearest nodes are found.")
    flann: FlannSettings = FlannSettings()

    @model_validator(mode="after")
    def _check_memory(self) -> Self:
        if self.memory_size < self.users_per_batch:
            raise ValueError(
                f"memory_size is {self.memory_size}, but must hold the {self.users_per_batch} "
                "users of a batch"
            )
        return self
