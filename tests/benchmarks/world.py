"""Random users and items in MovieLens-1M's sizes, or any other."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import yaml
from torch import Tensor

from pipeline_lib.episodes.batch import Batch, take_batch
from pipeline_lib.episodes.format import Catalogue, Episodes, Ragged, Rows
from pipeline_lib.methods.base import Learner, Problem, build_method
from pipeline_lib.models.preference import InputSizes
from pipeline_lib.settings.methods.base import parse_method
from pipeline_lib.settings.network import Network
from pipeline_lib.settings.task import RatingTask

METHODS = Path(__file__).parents[2] / "config" / "methods"
# Values of genre, director and actor, and of gender, age, occupation and zip code.
ITEM_VALUES = (25, 2186, 6689)
USER_VALUES = (2, 7, 21, 2270)
NETWORK = Network(embedding_size=32, embedding_std=1.0, hidden=(320, 192))


@dataclass(frozen=True)
class World:
    """Users of one fold over a catalogue."""

    episodes: Episodes
    catalogue: Catalogue
    problem: Problem

    def batches(self, users_per_batch: int, count: int) -> list[Batch]:
        """Draw batches of users."""
        order = torch.randperm(len(self.episodes))
        parts = order.repeat(1 + users_per_batch * count // len(order)).split(users_per_batch)
        return [take_batch(self.episodes, self.catalogue, users) for users in parts[:count]]

    def method(self, name: str, **changes: object) -> Learner:
        """Build the method of a file in config/methods, with other settings if given."""
        settings = parse_method(read_method(name) | changes)
        method = build_method(settings, self.problem, seed=0)
        if not isinstance(method, Learner):
            raise TypeError(name)
        return method


def make_world(users: int = 512, items: int = 3883, support: int = 56) -> World:
    """Draw users with support rows of median `support`, at most 3.6 times, at least 0.29 times.

    A quarter as many query rows; items by a skewed popularity, three features of one to four
    values each.
    """
    draw = np.random.default_rng(0)
    torch.manual_seed(0)
    counts = support * draw.lognormal(0, 0.75, users)
    counts = np.clip(counts, 0.29 * support, 3.6 * support).astype(int)
    popularity = draw.lognormal(0, 1.3, items)
    popular = torch.tensor(draw.choice(items, 10**6, p=popularity / popularity.sum()))
    parts = [_rows(torch.tensor(n), popular) for n in (counts, np.maximum(counts // 4, 1))]
    codes = _codes(USER_VALUES, torch.ones(users, len(USER_VALUES), dtype=torch.int64))
    bags = torch.tensor(draw.integers(1, 5, (items, len(ITEM_VALUES))))
    weights = 1 / bags.flatten().repeat_interleave(bags.flatten())
    catalogue = Catalogue(
        ragged(bags.flatten()), _codes(ITEM_VALUES, bags), weights, len(ITEM_VALUES)
    )
    values = torch.ones(users, len(USER_VALUES))
    episodes = Episodes(torch.arange(users), codes.view(users, -1), values, *parts)
    sizes = InputSizes(len(USER_VALUES), sum(USER_VALUES), len(ITEM_VALUES), sum(ITEM_VALUES))
    return World(episodes, catalogue, Problem(sizes, items, RatingTask(scale=(1, 5)), NETWORK))


def read_method(name: str) -> dict[str, object]:
    """Read the settings in config/methods."""
    raw: dict[str, object] = yaml.safe_load((METHODS / f"{name}.yaml").read_text(encoding="utf-8"))
    return raw


def ragged(lengths: Tensor) -> Ragged:
    """Lay lists of these lengths one behind the other."""
    return Ragged(torch.cat((torch.zeros(1, dtype=torch.int64), lengths.cumsum(0))))


def _codes(values: Sequence[int], counts: Tensor) -> Tensor:
    """Draw codes, each feature's behind the last one's; counts: [things, features] of them."""
    first = torch.tensor([0, *values]).cumsum(0)
    feature = torch.arange(len(values)).repeat(len(counts)).repeat_interleave(counts.flatten())
    drawn = torch.rand(len(feature)) * torch.tensor(values)[feature]
    return 1 + first[feature] + drawn.long()


def _rows(counts: Tensor, popular: Tensor) -> Rows:
    rows = int(counts.sum())
    item = popular[torch.randint(len(popular), (rows,))]
    return Rows(ragged(counts), item, torch.randint(1, 6, (rows,)).float())
