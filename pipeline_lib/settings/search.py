"""Settings of a search: the values that are tried of methods' settings, and how many."""

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field, PositiveInt

from pipeline_lib.seeds import derive_seed
from pipeline_lib.settings.strict import Strict

Values = dict[str, Any]
OF_NETWORK = "network."


class Search(Strict):
    """A random search, with one budget for all methods, judged on validation users alone."""

    candidates: PositiveInt = Field(
        description="Trainings a method and dataset; the first changes nothing."
    )
    space: dict[str, dict[str, Annotated[tuple[Any, ...], Field(min_length=1)]]] = Field(
        description="Values to try, by method and setting; `network.` before one of the network's.",
        examples=["{melu: {inner_lr: [0.01, 0.1], network.embedding_size: [8, 16]}}"],
    )
    like: dict[str, str] = Field(
        {},
        description="A method to the one whose choice it takes, but for what its own file says "
        "differently.",
        examples=["{melu-first-order: melu}"],
    )

    def leader(self, method: str) -> str | None:
        """Return the method whose choice a method takes: itself, another, or None."""
        return method if method in self.space else self.like.get(method)

    def values(self, method: str, seed: int) -> list[Values]:
        """Return the values that each candidate changes in the method's file.

        They differ from each other; one may give what the file has.
        """
        return draw(self.space[method], self.candidates, derive_seed(seed, "search", method))


def draw(space: Mapping[str, Sequence[Any]], count: int, seed: int) -> list[Values]:
    """Return an empty combination and up to `count` - 1 different ones, drawn at random."""
    size = math.prod(map(len, space.values()))
    indices: dict[int, None] = {}
    attempt = 0
    while len(indices) < min(count - 1, size):
        indices[derive_seed(seed, attempt) % size] = None
        attempt += 1
    return [{}, *(_combination(space, index) for index in indices)]


def _combination(space: Mapping[str, Sequence[Any]], index: int) -> Values:
    found = {}
    for name, values in space.items():
        index, digit = divmod(index, len(values))
        found[name] = values[digit]
    return found


def split_values(values: Values) -> tuple[Values, Values]:
    """Divide values into those of a method and those of the network."""
    network = {k.removeprefix(OF_NETWORK): v for k, v in values.items() if k.startswith(OF_NETWORK)}
    return {k: v for k, v in values.items() if not k.startswith(OF_NETWORK)}, network
