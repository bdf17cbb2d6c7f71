"""Small random worlds: users with their rows, a catalogue, and learners for them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from torch import Tensor

from pipeline_lib.episodes.batch import Batch, take_batch
from pipeline_lib.episodes.format import Catalogue, Episodes, Ragged, Rows
from pipeline_lib.meta.blocks import USERS_PER_BLOCK
from pipeline_lib.meta.one_step import FEW_OUTPUTS
from pipeline_lib.methods.base import Method, Problem, build_method
from pipeline_lib.methods.inner_loop import AdaptiveLearner
from pipeline_lib.models.preference import InputSizes
from pipeline_lib.settings.methods.base import Order, parse_method
from pipeline_lib.settings.network import HeadKind, Network
from pipeline_lib.settings.task import ClickTask, RatingTask, Task

Adapt = Literal["decision", "all"]
Counts = Sequence[int]

KINDS = ("melu", "paml", "meta-sgd", "reg-paml")
ORDERS: tuple[Order, ...] = ("first", "second")
ADAPTS: tuple[Adapt, ...] = ("decision", "all")
RATING, CLICK = RatingTask(scale=(1, 5)), ClickTask(clicked_weight=0.8, other_weight=0.3)
HEADS: dict[str, tuple[Task, HeadKind]] = {
    "rating value": (RATING, "value"),
    "rating levels": (RATING, "levels"),
    "click value": (CLICK, "value"),
    "click levels": (CLICK, "levels"),
}
GAMMA = 0.3
ITEMS = 12
WIDE = FEW_OUTPUTS + 1

# Each user's support rows and query rows.
CASES: dict[str, tuple[Counts, Counts]] = {
    "one user": ([5], [3]),
    "one user with one row each": ([1], [1]),
    "one support row each": ([1] * 5, [2, 3, 1, 4, 2]),
    "one query row each": ([6, 2, 9, 4], [1] * 4),
    "very different sizes": ([1, 200, 3, 40, 7], [4, 1, 50, 2, 9]),
    "no support row at all": ([0] * 3, [2, 1, 3]),
    "some users without support rows": ([3, 0, 5, 0], [1, 3, 2, 4]),
    "a block without support rows": (
        [0] * (USERS_PER_BLOCK + 1) + [4, 2],
        [2] * (USERS_PER_BLOCK + 3),
    ),
    "exactly one block": (range(1, USERS_PER_BLOCK + 1), [2] * USERS_PER_BLOCK),
    "one user more than a block": (range(USERS_PER_BLOCK + 1, 0, -1), [3] * (USERS_PER_BLOCK + 1)),
    "three blocks": (
        [1 + 7 * i % 11 for i in range(2 * USERS_PER_BLOCK + 3)],
        [1 + 5 * i % 4 for i in range(2 * USERS_PER_BLOCK + 3)],
    ),
}
# For references that take seconds over many rows.
SMALL_CASES = {name: case for name, case in CASES.items() if sum(case[0]) + sum(case[1]) <= 40}
TINY = ([3, 1, 2], [1, 3, 2])

# Every feature has codes of its own; a user's may be unknown, 0. The last is a number, which may be
# missing, 0.
SIZES = InputSizes(user_features=3, user_values=6, item_features=3, item_values=9)
USER_CODES = torch.tensor([[0, 1, 2, 3], [0, 0, 4, 5], [6, 6, 6, 6]])
USER_VALUES = torch.tensor([[1, 1, 1, 1], [1, 1, 1, 1], [0, -1.5, 0.375, 2]], dtype=torch.float64)
ITEM_CODES = torch.arange(1, 10).view(3, 3)


@dataclass(frozen=True)
class World:
    """A fold of users in double precision, and the items of their rows."""

    episodes: Episodes
    catalogue: Catalogue

    def with_slots(self) -> "World":
        """The same world whose users have a second value of their first feature, each half."""
        own = self.episodes
        more, halves = torch.zeros_like(own.codes), own.values.clone()
        several = own.codes[:, 0] > 1
        more[several, 0] = 1
        halves[several, 0] = 0.5
        values = torch.cat([halves, halves * (more > 0)], 1)
        return replace(
            self, episodes=replace(own, codes=torch.cat([own.codes, more], 1), values=values)
        )

    def batch(self, users: Tensor | None = None) -> Batch:
        """Take some users, or all."""
        chosen = torch.arange(len(self.episodes)) if users is None else users
        return take_batch(self.episodes, self.catalogue, chosen)

    def single(self) -> "World":
        """The same world in single precision."""
        support, query = (
            replace(rows, target=rows.target.float())
            for rows in (self.episodes.support, self.episodes.query)
        )
        values, weights = self.episodes.values.float(), self.catalogue.weights.float()
        return World(
            replace(self.episodes, values=values, support=support, query=query),
            replace(self.catalogue, weights=weights),
        )


@dataclass(frozen=True)
class Setup:
    """What a learner is: its kind, its head and its inner loop. rate: of the largest step."""

    kind: str = "paml"
    head: str = "rating value"
    order: Order = "second"
    adapt: Adapt = "decision"
    steps: int = 1
    rate: float = 0.1
    hidden: tuple[int, ...] = (7, 5)

    @property
    def task(self) -> Task:
        return HEADS[self.head][0]

    def learner(self) -> AdaptiveLearner:
        """Build it; Meta-SGD's rates then all differ, and some are negative."""
        learner, generator = self.fresh(), torch.Generator().manual_seed(0)
        for name, rates in learner.named_parameters():
            if name.startswith("weight_rates."):
                torch.nn.init.uniform_(rates, -0.2 * self.rate, self.rate, generator)
        return learner

    def fresh(self) -> AdaptiveLearner:
        """Build it in double precision, as training starts with it."""
        raw: dict[str, Any] = {"adapt": self.adapt}
        raw |= (
            {"inner_lr": self.rate}
            if self.kind in {"melu", "meta-sgd", "transfer"}
            else {"lr_max": self.rate, "lr_hidden": (6, 4)}
        )
        raw |= {"gamma": GAMMA} if self.kind == "reg-paml" else {}
        learner = self.build(**raw)
        assert isinstance(learner, AdaptiveLearner)
        return learner

    def build(self, **own: object) -> Method:
        """Build a method of any kind with inner steps; own: settings that the kind has besides."""
        shared = {"kind": self.kind, "epochs": 1, "users_per_batch": 32, "outer_lr": 0.01}
        loop = {"inner_steps": self.steps, "order": self.order}
        task, head = HEADS[self.head]
        network = Network(embedding_size=3, embedding_std=1.0, hidden=self.hidden, head=head)
        problem = Problem(SIZES, ITEMS, task, network)
        return build_method(parse_method({**shared, **loop, **own}), problem, 0).double()

    def world(self, support: Counts, query: Counts, seed: int = 0, items: int = ITEMS) -> World:
        """Draw users with these numbers of rows, over a catalogue that they share."""
        generator = torch.Generator().manual_seed(seed)
        features, choices = USER_CODES.shape
        drawn = torch.randint(0, choices, (len(support), features), generator=generator)
        codes, values = (x[torch.arange(features), drawn] for x in (USER_CODES, USER_VALUES))
        parts = [draw_rows(counts, items, self.task, generator) for counts in (support, query)]
        episodes = Episodes(torch.arange(len(support)), codes, values, *parts)
        return World(episodes, draw_catalogue(items, generator))


# The ways through the engine: one step of the layers alone, and the general way.
FAST = Setup(hidden=(7, WIDE, 5))
GENERAL = Setup(kind="reg-paml", head="rating levels", adapt="all", steps=2)
WAYS = {"fast": FAST, "general": GENERAL}


def ragged(lengths: Counts) -> Ragged:
    return Ragged(torch.tensor([0, *lengths]).cumsum(0))


def draw_catalogue(items: int, generator: torch.Generator) -> Catalogue:
    """The first item has only empty bags, others have bags of 0 to 3 codes of any weight."""
    lengths = torch.randint(0, 4, (items, len(ITEM_CODES)), generator=generator)
    lengths[0] = 0
    feature = torch.arange(len(ITEM_CODES)).repeat(items).repeat_interleave(lengths.flatten())
    drawn = torch.randint(0, ITEM_CODES.shape[1], feature.shape, generator=generator)
    weights = torch.randn(feature.shape, generator=generator).double()  # exact in float32 too
    bags = ragged(lengths.flatten().tolist())
    return Catalogue(bags, ITEM_CODES[feature, drawn], weights, len(ITEM_CODES))


def draw_rows(counts: Counts, items: int, task: Task, generator: torch.Generator) -> Rows:
    """Rows on random items: ratings from 1 to 5, or clicks."""
    low, high = (1, 6) if isinstance(task, RatingTask) else (0, 2)
    item = torch.randint(0, items, (sum(counts),), generator=generator)
    target = torch.randint(low, high, item.shape, generator=generator)
    return Rows(ragged(counts), item, target.double())
