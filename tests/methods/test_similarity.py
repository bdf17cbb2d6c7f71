"""AT-PAML's kernel under the settings as delivered: it must see that users are alike.

At the raw distance between embeddings of unit variance, 128 wide, it is dead: exp(−2 · 256) is 0.
"""

from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import torch
import yaml
from torch import Tensor

from pipeline_lib.episodes.batch import Batch, take_batch
from pipeline_lib.episodes.format import Catalogue, Episodes, Ragged, Rows
from pipeline_lib.methods.at_paml import ATPAML
from pipeline_lib.methods.base import Method, Problem, build_method
from pipeline_lib.methods.predict import predict_fold
from pipeline_lib.models.preference import InputSizes
from pipeline_lib.settings.methods.base import parse_method
from pipeline_lib.settings.network import Network
from pipeline_lib.settings.task import RatingTask
from pipeline_lib.training.fit import Folds, fit
from pipeline_lib.training.record import EpochRecord

torch.set_num_threads(1)  # on tensors this small a second thread only waits

CONFIG = Path(__file__).parents[2] / "config"
# MovieLens's gender, age and occupation; every user has a zip code of their own.
USERS, VALUES, ITEMS = 48, [2, 7, 21], 30
SIZES = InputSizes(len(VALUES) + 1, sum(VALUES) + USERS, item_features=1, item_values=10)
CATALOGUE = Catalogue(
    Ragged(torch.arange(ITEMS + 1)), 1 + torch.arange(ITEMS) % 10, torch.ones(ITEMS), 1
)
TASK = RatingTask(scale=(1, 5))


def read(path: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((CONFIG / path).read_text(encoding="utf-8"))
    return content


def draw_rows(rows: int, generator: torch.Generator) -> Rows:
    item = torch.randint(0, ITEMS, (USERS * rows,), generator=generator)
    target = torch.randint(1, 6, item.shape, generator=generator).float()
    return Rows(Ragged(torch.arange(USERS + 1) * rows), item, target)


def draw_users(seed: int) -> Episodes:
    """Users of whom no two have the same profile, nor two of two seeds."""
    generator = torch.Generator().manual_seed(seed)
    start = torch.tensor([1, *VALUES]).cumsum(0)
    common = [torch.randint(0, values, (USERS,), generator=generator) for values in VALUES]
    codes = torch.stack([*common, torch.arange(USERS).roll(seed)], 1) + start
    support, query = draw_rows(8, generator), draw_rows(2, generator)
    return Episodes(torch.arange(USERS), codes, torch.ones(codes.shape), support, query)


FOLDS = Folds(draw_users(1), draw_users(2), CATALOGUE, TASK, pl.Series(["minor"] * USERS))


def take_all(episodes: Episodes) -> Batch:
    return take_batch(episodes, CATALOGUE, torch.arange(len(episodes)))


def network_of(run: str) -> Network:
    return Network.model_validate(read(run)["network"])


def train(method: str, run: str, **changes: object) -> tuple[Method, list[EpochRecord]]:
    settings = parse_method(read(f"methods/{method}.yaml") | {"epochs": 3} | changes)
    built = build_method(settings, Problem(SIZES, ITEMS, TASK, network_of(run)), 0)
    return built, fit(built, settings, FOLDS, 0, lambda _: None)


train_once = cache(train)


def similarities(history: list[EpochRecord]) -> list[float]:
    return [e.measures["mean_similarity"] for e in history if "mean_similarity" in e.measures]


def inner_rates(method: Method) -> Tensor:
    return predict_fold(method, FOLDS.validation, CATALOGUE)[1]["inner_lr"]


def test_the_network_of_the_paper_is_128_wide_and_of_unit_variance() -> None:
    network = network_of("paper.yaml")
    assert (SIZES.user_features * network.embedding_size, network.embedding_std) == (128, 1.0)
    assert network.hidden == (320, 192)


@pytest.mark.parametrize("run", ["paper.yaml", "config.yaml"])
def test_the_kernel_as_delivered_is_alive(run: str) -> None:
    _, history = train_once("at-paml", run)
    assert len(similarities(history)) == 2  # all epochs but the warm-up
    assert all(0.01 < similarity < 1 for similarity in similarities(history))


def test_the_memory_as_delivered_moves_the_rates() -> None:
    """Were it dead, no rate could be above lr_max."""
    method, _ = train_once("at-paml", "paper.yaml")
    assert (inner_rates(method) > read("methods/at-paml.yaml")["lr_max"]).all()


def test_at_the_raw_distance_the_kernel_is_dead() -> None:
    _, history = train_once("at-paml", "paper.yaml", distance="raw")
    assert len(similarities(history)) == 2
    assert all(similarity < 1e-6 for similarity in similarities(history))


def test_with_a_dead_kernel_at_paml_trains_to_the_bytes_of_paml() -> None:
    """Without a warm-up, and with the outer rate of AT-PAML."""
    outer_lr = read("methods/at-paml.yaml")["outer_lr"]
    dead, history = train("at-paml", "paper.yaml", distance="raw", warmup_epochs=0)
    paml, other = train("paml", "paper.yaml", outer_lr=outer_lr)
    assert history[-1].measures["memory_nodes"] == USERS
    assert [e.train_loss for e in history] == [e.train_loss for e in other]
    both = dead.state_dict(), paml.state_dict()
    assert both[0].keys() - both[1].keys() == {
        f"memory.{name}" for name in ("points", "rates", "user", "last_used", "clock")
    }
    assert all(torch.equal(both[0][name], value) for name, value in both[1].items())
    assert torch.equal(inner_rates(dead), inner_rates(paml))


def test_with_a_living_kernel_it_does_not() -> None:
    outer_lr = read("methods/at-paml.yaml")["outer_lr"]
    alive, _ = train("at-paml", "paper.yaml", warmup_epochs=0)
    paml, _ = train("paml", "paper.yaml", outer_lr=outer_lr)
    assert not torch.isclose(inner_rates(alive), inner_rates(paml), rtol=0.1).any()


def test_the_scaled_distance_does_not_know_the_size_of_the_embeddings() -> None:
    """Twice the embeddings at twice their standard deviation are as similar, within 1e-6."""
    batch, settings = take_all(FOLDS.train), parse_method(read("methods/at-paml.yaml"))
    found = []
    for std in (0.1, 1.0, 2.0):
        own = network_of("paper.yaml").model_copy(update={"embedding_std": std})
        method = build_method(settings, Problem(SIZES, ITEMS, TASK, own), 0)
        assert isinstance(method, ATPAML)
        users = method.network.embed(batch).users.detach()
        method.memory.store(batch.users, users, torch.ones(USERS), "replace")
        look = method.memory.look_up(users, 20)
        assert look is not None
        found.append(look.similarity(users, method.precision).detach())
    assert all(torch.allclose(found[0], other, atol=1e-6) for other in found[1:])
