"""The base of every settings model."""

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """Refuse unknown keys and later changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)
