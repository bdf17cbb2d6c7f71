"""A toy problem to train on, and a learner that notes what training asks of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import polars as pl
import pytest
import torch
import yaml
from torch import Tensor, nn

from pipeline_lib.episodes.batch import Batch
from pipeline_lib.episodes.format import Catalogue, Episodes, Ragged, Rows
from pipeline_lib.methods.base import Learner, Method, Prediction, Problem, build_method
from pipeline_lib.models.preference import InputSizes
from pipeline_lib.settings.methods.base import (
    InnerLoop,
    LearnerSettings,
    MethodSettings,
    known_kinds,
    settings_class,
)
from pipeline_lib.settings.methods.references import UserMeanSettings
from pipeline_lib.settings.network import Network
from pipeline_lib.settings.task import RatingTask
from pipeline_lib.training.fit import Folds, fit
from pipeline_lib.training.record import EpochRecord

torch.set_num_threads(1)  # on tensors this small a second thread only waits

# Users differ in a taste that their profile, the same for all, does not show; items have or
# lack what it is for, code 1 or 2.
ITEMS = 20
SIZES = InputSizes(user_features=1, user_values=1, item_features=1, item_values=2)
CATALOGUE = Catalogue(
    Ragged(torch.arange(ITEMS + 1)), 1 + torch.arange(ITEMS) % 2, torch.ones(ITEMS), 1
)
NETWORK = Network(embedding_size=4, embedding_std=0.5, hidden=(16, 8))
TASK = RatingTask(scale=(1, 5))
PROBLEM = Problem(SIZES, ITEMS, TASK, NETWORK)


def make_rows(counts: Sequence[int], taste: Tensor, generator: torch.Generator) -> Rows:
    """Ratings of 4 for what a user likes and 2 for the rest."""
    users = Ragged(torch.tensor([0, *counts]).cumsum(0))
    _, owner, _ = users.take(torch.arange(len(counts)))
    item = torch.randint(0, ITEMS, (len(owner),), generator=generator)
    return Rows(users, item, 3.0 + taste[owner] * (2 * (item % 2) - 1))


def make_episodes(users: int, seed: int) -> Episodes:
    generator = torch.Generator().manual_seed(seed)
    taste = 2 * torch.randint(0, 2, (users,), generator=generator) - 1
    support = make_rows([4 + i % 5 for i in range(users)], taste, generator)
    query = make_rows([1 + i % 3 for i in range(users)], taste, generator)
    codes, values = torch.ones(users, 1, dtype=torch.int64), torch.ones(users, 1)
    return Episodes(torch.arange(users), codes, values, support, query)


GROUPS = pl.Series(["major", "minor"] * 5)
FOLDS = Folds(make_episodes(20, seed=1), make_episodes(10, seed=2), CATALOGUE, TASK, GROUPS)
USER_MEAN = UserMeanSettings(kind="user-mean", label="", role="reference")

METHODS = Path(__file__).parents[2] / "config" / "methods"
_RATES: dict[str, object] = {"lr_max": 0.05, "lr_hidden": [4]}
_MEMORY: dict[str, object] = {
    "memory_size": 64,
    "neighbours": 4,
    "neighbours_at_inference": 4,
    "delta": 2.0,
    "sigma": 1e-5,
    "distance": "scaled",
    "warmup_epochs": 1,
    "warmup_lr": 0.02,
    "known_users": "keep",
    "index": "exact",
}
_EFFECTS: dict[str, object] = {
    "factors": 2,
    "sweeps": 0,
    "item_shrinkage": 1.0,
    "user_variance": 0.2,
    "factor_variance": 0.1,
    "feature_variance": 0.2,
}
_OWN: dict[str, dict[str, object]] = {
    "melu": {"inner_lr": 0.02},
    "meta-sgd": {"inner_lr": 0.02},
    "transfer": {"inner_lr": 0.01},
    "paml": _RATES,
    "shared-paml": {"lr_max": 0.05},
    "reg-paml": {**_RATES, "gamma": 1e-3},
    "at-paml": {**_RATES, **_MEMORY},
    "effects-ridge": _EFFECTS,
    "effects-melu": {**_EFFECTS, "inner_lr": 0.5, "inner_steps": 2},
    "effects-paml": {**_EFFECTS, "lr_max": 1.0, "lr_hidden": [4], "embedding_size": 2},
    "in-context": {"width": 8, "heads": 2, "layers": 2},
    "tanp": {
        "embedding_layers": [6],
        "encoder": [8, 4],
        "latent_size": 2,
        "task_encoder": [8, 4],
        "clusters": 3,
        "temperature": 1.0,
        "cluster_weight": 0.1,
        "modulation": "film",
    },
}
LEARNERS = [k for k in known_kinds() if issubclass(settings_class(k), LearnerSettings)]
# Those that begin before they have seen any row, and take gradient steps through layers.
ADAPTIVE = [kind for kind in LEARNERS if issubclass(settings_class(kind), InnerLoop)]


def only(kinds: Collection[str], *default: str) -> list[object]:
    """All kinds, of which those not named may be slow."""
    return [
        pytest.param(kind, marks=() if kind in default else pytest.mark.slow)
        for kind in sorted(kinds)
    ]


def raw_settings(kind: str, **changes: object) -> dict[str, object]:
    """Settings that learn the toy problem's users in a few dozen steps.

    Those of a kind that has none here are from its file.
    """
    shared = {"epochs": 5, "users_per_batch": 8, "outer_lr": 0.01}
    own = _OWN.get(kind) or yaml.safe_load((METHODS / f"{kind}.yaml").read_text("utf-8"))
    return {**own, "kind": kind, **shared, **changes}


def make_settings(kind: str, **changes: object) -> MethodSettings:
    return settings_class(kind).model_validate(raw_settings(kind, **changes))


def train(
    kind: str, folds: Folds = FOLDS, seed: int = 0, **changes: object
) -> tuple[Method, list[EpochRecord]]:
    settings = make_settings(kind, **changes)
    method = build_method(settings, PROBLEM, seed)
    return method, fit(method, settings, folds, seed, lambda _: None)


train_once = cache(train)


def state_bytes(method: Method) -> dict[str, bytes]:
    return {name: value.numpy().tobytes() for name, value in method.state_dict().items()}


def with_query_target(episodes: Episodes, target: Tensor) -> Episodes:
    return replace(episodes, query=replace(episodes.query, target=target))


def spoil(folds: Folds, users: Sequence[int], value: float = torch.nan) -> Folds:
    """The same folds, but for the first query rating of some training users."""
    target = folds.train.query.target.clone()
    target[folds.train.query.users.offsets[torch.tensor(users)]] = value
    return replace(folds, train=with_query_target(folds.train, target))


class Recorder(Learner):
    """Notes the users of each batch, and what it is asked; has one weight, which falls to 0."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))
        self.users: list[list[int]] = []
        self.asked: list[tuple[str, float]] = []

    def note(self, what: str) -> None:
        self.asked.append((what, self.weight.item()))

    def predict(self, batch: Batch) -> Prediction:
        self.note("predict")
        return Prediction(self.weight.expand(len(batch.query.target)))

    def losses(self, batch: Batch) -> Tensor:
        self.note("losses")
        self.users.append(batch.users.tolist())
        return self.weight.square().expand(len(batch))

    def after_step(self, trace: Mapping[str, Tensor]) -> None:
        self.note("after_step")

    def end_epoch(self) -> dict[str, float]:
        self.note("end_epoch")
        return {"batches": float(len(self.users)), "third": 1 / 3}


def batches(seed: int, epochs: int = 2, users_per_batch: int = 8) -> list[list[int]]:
    """The users of every batch, in order."""
    recorder = Recorder()
    settings = make_settings("melu", epochs=epochs, users_per_batch=users_per_batch)
    fit(recorder, settings, FOLDS, seed, lambda _: None)
    return recorder.users
