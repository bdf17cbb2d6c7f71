"""TaNP against its equations, user by user and row by row in float64."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

import pytest
import torch
from torch import Tensor
from torch.distributions import Normal, kl_divergence

from pipeline_lib.episodes.draws import Draws
from pipeline_lib.episodes.format import Rows
from pipeline_lib.methods.base import Problem, build_method
from pipeline_lib.methods.tanp import TaNP
from pipeline_lib.models.neural_process import Gaussian
from pipeline_lib.settings.methods.base import parse_method
from pipeline_lib.settings.network import Network
from tests.meta.per_user_reference import (
    PerUserReference,
    assert_follows,
    own,
)
from tests.methods.world import train_once
from tests.worlds import CASES, HEADS, ITEMS, SIZES, Setup, World

torch.set_num_threads(1)  # on tensors this small a second thread only waits

DRAWS, TEMPERATURE, WEIGHT = Draws(5), 1.5, 0.3
LATENT = 3
HIDDEN = (12, 10)  # wide enough that some of a layer's outputs are above 0


@dataclass(frozen=True)
class Reference(PerUserReference):
    """Lin et al. 2021, as the paper writes it."""

    def losses(self) -> Tensor:
        users = range(len(self.world.episodes))
        shares = torch.stack([self.shares(user) for user in users])
        found = []
        for user in users:
            target = (shares[user] ** 2 / shares.sum(0)).detach()
            target = target / target.sum()
            clustering = (target * (target / shares[user]).log()).sum()
            found.append(self.loss(user) + self.divergence(user) + WEIGHT * clustering)
        return torch.stack(found)

    def scores(self) -> Tensor:
        """Decode with the mean of q(z | support)."""
        query, users = self.world.episodes.query, range(len(self.world.episodes))
        found = [self._decode(u, query, self.latent(u, posterior=False).mean) for u in users]
        return self._score(torch.cat(found))

    def loss(self, user: int) -> Tensor:
        """Compute the mean query loss, with a draw of q(z | support and query)."""
        return self._loss(self.parameters, user, self.world.episodes.query)

    def divergence(self, user: int) -> Tensor:
        posterior, prior = (self.latent(user, posterior=p) for p in (True, False))
        return kl_divergence(posterior, prior).sum()

    def latent(self, user: int, *, posterior: bool) -> Normal:
        episodes = self.world.episodes
        sides = [episodes.support, episodes.query] if posterior else [episodes.support]
        rows = [row for side in sides for row in self._encode("encoder", user, side)]
        mean = torch.stack(rows).mean(0) if rows else torch.zeros(self._width("encoder")).double()
        hidden = self._layer("latent.hidden", mean).clamp(min=0)
        moments = self._layer("latent.moments", hidden)
        return Normal(moments[:LATENT], (moments[LATENT:] / 2).exp())

    def shares(self, user: int) -> Tensor:
        """Compute c by Student's t-kernel."""
        squares = ((self._task(user) - self.parameters["memory.clusters"]) ** 2).sum(1)
        kernel = (1 + squares / TEMPERATURE) ** (-(TEMPERATURE + 1) / 2)
        return kernel / kernel.sum()

    def _outputs(self, _theta: object, user: int, rows: Rows) -> Tensor:
        posterior = self.latent(user, posterior=True)
        noise = DRAWS.normal(torch.tensor([user]), LATENT)[0]
        return self._decode(user, rows, posterior.mean + posterior.stddev * noise)

    def _decode(self, user: int, rows: Rows, z: Tensor) -> Tensor:
        task = self._task(user) + self.shares(user) @ self.parameters["memory.clusters"]
        outputs = []
        for item in own(rows, user)[0].tolist():
            x = torch.cat((self.user(user), z, self.item(item)))
            x = self._layer("decoder.first", x)
            for place in range(len(self.setup.hidden)):
                scale, shift = self._modulation(place, task)
                x = self._layer(f"decoder.later.{place}", (scale * x + shift).clamp(min=0))
            outputs.append(x)
        return torch.stack(outputs)

    def _modulation(self, place: int, task: Tensor) -> tuple[Tensor, Tensor]:
        weights = self.parameters[f"decoder.modulations.{place}.layer.weight"]
        width = self.setup.hidden[place]
        scale, shift, *gates = [part @ task for part in weights.split(width)]
        scale, shift = scale.tanh(), shift.tanh()
        if gates:
            common, delta = gates[0].tanh(), gates[1].sigmoid()
            scale, shift = (x * delta + common * (1 - delta) for x in (scale, shift))
        return scale, shift

    def _task(self, user: int) -> Tensor:
        rows = self._encode("identity", user, self.world.episodes.support)
        return torch.stack(rows).mean(0) if rows else torch.zeros(self._width("identity")).double()

    def _encode(self, name: str, user: int, rows: Rows) -> list[Tensor]:
        found = []
        for item, target in zip(*own(rows, user), strict=True):
            inputs = self.user(user), self.item(int(item)), target[None]
            x = self._layer(f"{name}.first", torch.cat(inputs))
            for place in count():
                if f"{name}.later.{place}.weight" not in self.parameters:
                    break
                x = self._layer(f"{name}.later.{place}", x.clamp(min=0))
            found.append(x)
        return found

    def user(self, user: int) -> Tensor:
        return self._layers("users", self._user(self.parameters, user))

    def item(self, item: int) -> Tensor:
        return self._layers("items", self._item(self.parameters, item))

    def _layers(self, side: str, x: Tensor) -> Tensor:
        for place in (0, 2):  # a ReLU follows each
            x = self._layer(f"network.{side}.{place}", x).clamp(min=0)
        return x

    def _layer(self, name: str, x: Tensor) -> Tensor:
        return self.parameters[f"{name}.weight"] @ x + self.parameters[f"{name}.bias"]

    def _width(self, name: str) -> int:
        return {"encoder": 4, "identity": 6}[name]


def build(setup: Setup, modulation: str) -> TaNP:
    raw = {
        "kind": "tanp",
        "epochs": 1,
        "users_per_batch": 32,
        "outer_lr": 0.01,
        "embedding_layers": [9, 8],
        "encoder": [5, 4],
        "latent_size": LATENT,
        "task_encoder": [6, 7, 6],
        "clusters": 4,
        "temperature": TEMPERATURE,
        "cluster_weight": WEIGHT,
        "modulation": modulation,
    }
    task, head = HEADS[setup.head]
    network = Network(embedding_size=3, embedding_std=1.0, hidden=setup.hidden, head=head)
    learner = build_method(parse_method(raw), Problem(SIZES, ITEMS, task, network), 0).double()
    assert isinstance(learner, TaNP)
    learner.draws = DRAWS
    return learner


def assert_as_the_equations_say(learner: TaNP, setup: Setup, world: World) -> None:
    reference = Reference(setup, world, dict(learner.named_parameters()))
    wanted = assert_follows(learner, reference, world)
    assert all(gradient.any() for gradient in wanted.values())


@pytest.mark.parametrize(
    ("head", "modulation", "case"),
    [
        pytest.param("rating value", "film", "very different sizes", marks=pytest.mark.slow),
        ("rating value", "film", "one query row each"),
        ("rating levels", "gating", "some users without support rows"),
        ("click value", "gating", "one user more than a block"),
        ("click levels", "film", "one user with one row each"),
    ],
)
def test_scores_losses_and_outer_gradients(head: str, modulation: str, case: str) -> None:
    setup = Setup(head=head, hidden=HIDDEN)
    world = setup.world(*CASES[case]).with_slots()
    assert_as_the_equations_say(build(setup, modulation), setup, world)


def turned_round(self: Gaussian, prior: Gaussian) -> Tensor:
    return divergence(prior, self)


def of_a_part(_self: TaNP, addends: Tensor) -> Tensor:
    return addends.detach()[: len(addends) // 2].sum(0)


def in_single(self: Gaussian, noise: Tensor) -> Tensor:
    return move(self, noise.float())


divergence, move = Gaussian.divergence, Gaussian.move


@pytest.mark.parametrize(
    ("owner", "name", "mutant"),
    [
        (Gaussian, "divergence", turned_round),
        (TaNP, "sum_users", of_a_part),
        (Gaussian, "move", in_single),
    ],
)
def test_the_reference_notices(
    owner: type, name: str, mutant: Callable[..., Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    setup = Setup(hidden=HIDDEN)
    world = setup.world([3, 1, 2, 4], [1, 3, 2, 1])
    assert_as_the_equations_say(build(setup, "film"), setup, world)
    monkeypatch.setattr(owner, name, mutant)
    with pytest.raises(AssertionError, match="at a scale of"):
        assert_as_the_equations_say(build(setup, "film"), setup, world)


def test_every_epoch_reports_the_divergence_and_the_clustering_loss() -> None:
    _, history = train_once("tanp")
    assert all(epoch.measures["divergence"] > 0 for epoch in history)
    assert all(epoch.measures["clustering"] > 0 for epoch in history)


def test_training_draws_z_and_prediction_does_not() -> None:
    setup = Setup(hidden=HIDDEN)
    learner, batch = build(setup, "film"), setup.world([3, 1], [2, 1]).batch()
    losses, score = learner.losses(batch), learner.predict(batch).score
    assert torch.equal(learner.losses(batch), losses)
    learner.draws = Draws(6)
    assert not torch.isclose(learner.losses(batch), losses).any()
    assert torch.equal(learner.predict(batch).score, score)
