"""Settings of a search: which values of which methods' settings are tried, and how many times."""

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field, PositiveInt

from pipeline_lib.seeds import derive_seed
from pipeline_lib.settings.strict import Name, Strict

Values = dict[str, Any]
OF_NETWORK = "network."


class Search(Strict):
    """A random search, with one budget for all methods, judged on validation users alone."""

    candidates: PositiveInt = Field(
        description="Trainings a method and dataset; the first is of the method's own file."
    )
    space: dict[Name, dict[str, Annotated[tuple[Any, ...], Field(min_length=1)]]] = Field(
        description="Values to try, by method and setting; `network.` before one of the network's.",
        examples=["{melu: {inner_lr: [0.01, 0.1], network.embedding_size: [8, 16]}}"],
    )
    like: dict[Name, Name] = Field(
        {},
        description="A method to the one whose choice it takes, but for what its own file says "
        "differently.",
        examples=["{melu-first-order: melu}"],
    )

    def leader(self, method: str) -> str | None:
        """Name the method whose choice a method takes: itself, another, or none."""
        return method if method in self.space else self.like.get(method)

    def values(self, method: str, seed: int) -> list[Values]:
        """List what a method's candidates change in its file; no two are alike."""
        return draw(self.space[method], self.candidates, derive_seed(seed, "search", method))


def draw(space: Mapping[str, Sequence[Any]], count: int, seed: int) -> list[Values]:
    """Draw `count` different combinations, fewer where there are no more, behind an empty one."""
    size = math.prod(map(len, space.values()))
    places: dict[int, None] = {}
    attempt = 0
    while len(places) < min(count - 1, size):
        places[derive_seed(seed, attempt) % size] = None
        attempt += 1
    return [{}, *(_combination(space, place) for place in places)]


def _combination(space: Mapping[str, Sequence[Any]], place: int) -> Values:
    found = {}
    for name, values in space.items():
        place, digit = divmod(place, len(values))
        found[name] = values[digit]
    return found


def split_values(values: Values) -> tuple[Values, Values]:
    """Tell a method's values from the network's."""
    network = {k.removeprefix(OF_NETWORK): v for k, v in values.items() if k.startswith(OF_NETWORK)}
    return {k: v for k, v in values.items() if not k.startswith(OF_NETWORK)}, network
