"""Two small problems, ratings and clicks, and every method at rates that learn them."""

import dataclasses
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import polars as pl
import torch
import yaml
from torch import Tensor

from pipeline_lib.episodes.batch import Batch, take_batch
from pipeline_lib.episodes.format import Catalogue, Episodes, Ragged, Rows
from pipeline_lib.episodes.subsets import limit_support
from pipeline_lib.methods.at_paml import ATPAML
from pipeline_lib.methods.base import Method, Problem, build_method
from pipeline_lib.methods.inner_loop import AdaptiveLearner
from pipeline_lib.methods.paml import PAML
from pipeline_lib.methods.predict import predict_fold
from pipeline_lib.models.preference import InputSizes
from pipeline_lib.settings.methods.base import (
    InnerLoop,
    LearnerSettings,
    MethodSettings,
    known_kinds,
    settings_class,
)
from pipeline_lib.settings.network import HeadKind, Network
from pipeline_lib.settings.own_methods import method_folder
from pipeline_lib.settings.task import ClickTask, RatingTask, Task
from pipeline_lib.training.fit import Folds, fit
from pipeline_lib.training.record import EpochRecord

torch.set_num_threads(1)  # on tensors this small a second thread only waits

METHODS = Path(__file__).parents[2] / "config" / "methods"
LEARNERS = [k for k in known_kinds() if issubclass(settings_class(k), LearnerSettings)]
# Those with the paper's network, which adapts by gradient steps.
ADAPTIVE = [k for k in LEARNERS if issubclass(settings_class(k), InnerLoop)]
# The files' rates need the real logs' size. The memory is too small for all training users.
FASTER: dict[str, object] = {
    "epochs": 8,
    "users_per_batch": 8,
    "outer_lr": 0.01,
    "inner_lr": 0.01,
    "lr_max": 0.1,
    "lr_hidden": [6, 4],
    "factors": 2,
    "memory_size": 24,
    "neighbours": 6,
    "neighbours_at_inference": 3,
}
# The rates that a memory holds are sums of earlier ones, and grow with every epoch. MAMO's memories
# begin with noise, which takes it epochs to overwrite.
OWN: dict[str, dict[str, object]] = {
    "at-paml": {"lr_max": 0.02, "warmup_lr": 0.02},
    "effects-melu": {"sweeps": 0, "inner_lr": 1.0, "outer_lr": 0.03},
    "effects-paml": {"sweeps": 0, "lr_max": 2.0, "outer_lr": 0.03},
    "effects-ridge": {"sweeps": 0, "outer_lr": 0.03},
    "mamo": {"epochs": 16},
    "in-context": {"width": 16, "heads": 2},
    "tanp": {
        "embedding_layers": [8],
        "encoder": [16, 8],
        "latent_size": 4,
        "task_encoder": [16, 8],
        "clusters": 3,
    },
}

TASKS: dict[str, Task] = {"rating": RatingTask(scale=(1, 5)), "click": ClickTask()}
HEADS: tuple[HeadKind, ...] = ("value", "levels")
SIZES = InputSizes(user_features=3, user_values=9, item_features=3, item_values=9)
ITEMS, UNSEEN_ITEMS = 40, 4


def ragged(lengths: Sequence[int]) -> Ragged:
    return Ragged(torch.tensor([0, *lengths]).cumsum(0))


def draw_codes(count: int, choices: int, generator: torch.Generator) -> Tensor:
    """Three features: one of the first codes from 1, one of the first from 5, a number's 9."""
    drawn = torch.randint(1, 1 + choices, (count, 2), generator=generator)
    return torch.cat((drawn + torch.tensor([0, 4]), torch.full((count, 1), 9)), 1)


def draw_values(count: int, generator: torch.Generator) -> Tensor:
    """A number of mean 0 and variance 1 behind two ones; missing, 0, for every tenth."""
    number = torch.randn(count, generator=generator) * (torch.arange(count) % 10 != 9)
    return torch.stack((torch.ones(count), torch.ones(count), number), 1)


def draw_profiles(users: int, generator: torch.Generator) -> Tensor:
    """Every third user has the codes 3 or 4 and 7 or 8, all others 1 or 2 and 5 or 6."""
    rare = torch.arange(users) % 3 == 2
    return draw_codes(users, 2, generator) + torch.tensor([2, 2, 0]) * rare[:, None]


def is_rare(codes: Tensor) -> Tensor:
    return codes[:, 0] > 2


ITEM_CODES = draw_codes(ITEMS, 4, torch.Generator().manual_seed(0))
ITEM_VALUES = draw_values(ITEMS, torch.Generator().manual_seed(4))
# The last item's bags are empty.
CATALOGUE = Catalogue(
    ragged([*[1] * (3 * ITEMS - 3), 0, 0, 0]),
    ITEM_CODES.flatten()[:-3],
    ITEM_VALUES.flatten()[:-3],
    3,
)


def make_rows(counts: Sequence[int], codes: Tensor, items: int, seed: int) -> Rows:
    """Ratings that rise with the first codes of user and item and fall with the item's number."""
    generator = torch.Generator().manual_seed(seed)
    users = ragged(counts)
    _, owner, _ = users.take(torch.arange(len(counts)))
    item = torch.randint(0, items, (len(owner),), generator=generator)
    noise = 0.3 * torch.randn(len(owner), generator=generator)
    liked = codes[owner, 0] + ITEM_CODES[item, 0] - 0.5 * ITEM_VALUES[item, 2]
    return Rows(users, item, 0.5 + 0.5 * liked + noise)


def make_episodes(users: int, items: int, seed: int) -> Episodes:
    """Users with 1 to 7 support rows and 1 to 4 query rows."""
    codes = draw_profiles(users, torch.Generator().manual_seed(seed))
    support = make_rows([1 + i % 7 for i in range(users)], codes, items, seed + 1)
    query = make_rows([1 + i % 4 for i in range(users)], codes, items, seed + 2)
    values = draw_values(users, torch.Generator().manual_seed(seed + 3))
    return Episodes(torch.arange(users), codes, values, support, query)


def clicks(episodes: Episodes) -> Episodes:
    """A click where there was a rating above 2.7."""

    def part(rows: Rows) -> Rows:
        return dataclasses.replace(rows, target=(rows.target > 2.7).float())

    return dataclasses.replace(episodes, support=part(episodes.support), query=part(episodes.query))


_RATED = {
    "train": make_episodes(40, ITEMS - UNSEEN_ITEMS, seed=10),
    "validation": make_episodes(12, ITEMS - UNSEEN_ITEMS, seed=20),
    "test": make_episodes(23, ITEMS, seed=30),
}
EPISODES = {
    "rating": _RATED,
    "click": {fold: clicks(episodes) for fold, episodes in _RATED.items()},
}


@dataclasses.dataclass(frozen=True)
class World:
    """A task with its data and the network's head."""

    task: str = "rating"
    head: HeadKind = "value"

    def __str__(self) -> str:
        return f"{self.task} {self.head}"

    @property
    def folds(self) -> Folds:
        own = EPISODES[self.task]
        groups = pl.Series(["major", "minor"] * len(own["validation"]))[: len(own["validation"])]
        return Folds(own["train"], own["validation"], CATALOGUE, TASKS[self.task], groups)

    @property
    def test(self) -> Episodes:
        return EPISODES[self.task]["test"]

    @property
    def problem(self) -> Problem:
        network = Network(embedding_size=4, embedding_std=0.3, hidden=(8, 6), head=self.head)
        return Problem(SIZES, ITEMS, TASKS[self.task], network)


WORLDS = [World(task, head) for task in TASKS for head in HEADS]
RATINGS = WORLDS[0]


def read_settings(kind: str, **changes: object) -> MethodSettings:
    """The settings in the kind's own file, but for the rates and `changes`."""
    files = [folder / f"{kind}.yaml" for folder in (METHODS, method_folder()) if folder]
    raw = yaml.safe_load(next(filter(Path.is_file, files)).read_text(encoding="utf-8"))
    assert raw["kind"] == kind
    faster = {k: FASTER.get(k, v) for k, v in raw.items()} | OWN.get(kind, {})
    return settings_class(kind).model_validate(faster | changes)


def build(kind: str, world: World = RATINGS, seed: int = 0, **changes: object) -> Method:
    return build_method(read_settings(kind, **changes), world.problem, seed)


def build_learner(kind: str, world: World = RATINGS, **changes: object) -> AdaptiveLearner:
    method = build_method(read_settings(kind, **changes), world.problem, 0)
    assert isinstance(method, AdaptiveLearner)
    return method


def build_paml(**changes: object) -> PAML:
    method = build_method(read_settings("paml", **changes), RATINGS.problem, 0)
    assert isinstance(method, PAML)
    return method


def build_at_paml(**changes: object) -> ATPAML:
    """AT-PAML past its warm-up unless `changes` say otherwise, with nothing in its memory."""
    settings = read_settings("at-paml", **{"warmup_epochs": 0} | changes)
    method = build_method(settings, RATINGS.problem, 0)
    assert isinstance(method, ATPAML)
    return method


def train(
    kind: str, world: World = RATINGS, seed: int = 0, **changes: object
) -> tuple[Method, list[EpochRecord]]:
    settings, method = read_settings(kind, **changes), build(kind, world, seed, **changes)
    return method, fit(method, settings, world.folds, seed, lambda _: None)


train_once = cache(train)
SHORT = {"epochs": 2}


def trained(kind: str, world: World = RATINGS) -> Method:
    """One method for all tests that only read it: trained to the end on ratings, else for a bit."""
    return train_once(kind, world, **{} if world == RATINGS or kind not in LEARNERS else SHORT)[0]


def state_bytes(method: Method) -> dict[str, bytes]:
    return {name: value.numpy().tobytes() for name, value in method.state_dict().items()}


def take(episodes: Episodes, users: Sequence[int]) -> Batch:
    return take_batch(episodes, CATALOGUE, torch.tensor(users))


def take_all(episodes: Episodes) -> Batch:
    return take(episodes, range(len(episodes)))


def in_double(batch: Batch) -> Batch:
    """The same batch in float64: with other targets torch computes some losses in float32."""
    support, query = (
        dataclasses.replace(rows, target=rows.target.double())
        for rows in (batch.support, batch.query)
    )
    values, weights = batch.values.double(), batch.item_weights.double()
    return dataclasses.replace(
        batch, values=values, item_weights=weights, support=support, query=query
    )


def predict(method: Method, episodes: Episodes) -> Tensor:
    score, _ = predict_fold(method, episodes, CATALOGUE)
    return score


def rated(rows: Rows, value: float) -> Rows:
    """The same rows, all with this target."""
    return dataclasses.replace(rows, target=torch.full_like(rows.target, value))


def unseen(rows: Rows) -> Rows:
    """The same users' rows on items never met, the one without features among them."""
    item = ITEMS - 1 - rows.item % UNSEEN_ITEMS
    assert ITEMS - 1 in item
    return dataclasses.replace(rows, item=item)


def without_support(episodes: Episodes, users: Tensor) -> Episodes:
    """The same users, some of them, [users] bool, without support rows."""
    _, owner, _ = episodes.support.users.take(torch.arange(len(episodes)))
    return limit_support(episodes, users[owner].long(), 1)


def without_rows(rows: Rows) -> Rows:
    """Nothing, for as many users."""
    nobody = Ragged(torch.zeros_like(rows.users.offsets))
    return dataclasses.replace(rows, users=nobody, item=rows.item[:0], target=rows.target[:0])
