"""The base of every settings model."""

from collections.abc import Hashable
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, field_validator

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

    @field_validator("*", mode="before")
    @classmethod
    def _refuse_booleans(cls, value: object) -> object:
        parts = value if isinstance(value, list | tuple) else [value]
        if any(isinstance(part, bool) for part in parts):
            raise ValueError("yes, no, true and false are no values of any setting")
        return value


def by_kind(right_forms: str) -> Discriminator:
    """Return a discriminator by the key `kind`; right_forms: the words of its error."""
    return Discriminator(_kind, custom_error_type="unknown_kind", custom_error_message=right_forms)


def _kind(value: object) -> object:
    return value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)
