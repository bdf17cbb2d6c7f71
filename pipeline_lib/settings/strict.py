"""The base of every settings model."""

from collections.abc import Hashable
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

T = TypeVar("T", bound=Hashable)


def _distinct(values: tuple[T, ...]) -> tuple[T, ...]:
    if len(set(values)) < len(values):
        raise ValueError(f"names something twice: {', '.join(map(str, values))}")
    return values


Several = Annotated[tuple[T, ...], Field(min_length=1), AfterValidator(_distinct)]
Name = Annotated[str, Field(pattern=r"^\w[\w-]*$")]


class Strict(BaseModel):
    """Refuse unknown keys, infinite numbers and later changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
