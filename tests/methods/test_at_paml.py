"""AT-PAML as a whole: what a step does to the memory, and what prediction and validation do not."""

import dataclasses
import math

import polars as pl
import pytest
import torch
from torch import Tensor

from pipeline_lib.episodes.format import Episodes
from pipeline_lib.meta.adapt import adapt
from pipeline_lib.meta.neighbours.exact import ExactIndex
from pipeline_lib.meta.rates import UserRates
from pipeline_lib.methods.at_paml import ATPAML
from pipeline_lib.methods.predict import predict_fold
from pipeline_lib.training.fit import fit
from tests.methods.world import (
    CATALOGUE,
    OWN,
    RATINGS,
    build_at_paml,
    in_double,
    make_episodes,
    read_settings,
    state_bytes,
    take,
    take_all,
    train,
)

TRAIN, TEST = RATINGS.folds.train, RATINGS.test
EVERYONE = len(TRAIN)
FEW = make_episodes(8, 36, seed=40)


class FloatIndex(ExactIndex):
    """Searches float64 points as the float32 that an index is made for."""

    def search(self, points: Tensor, queries: Tensor, count: int) -> Tensor:
        return super().search(points.float(), queries.float(), count)


def remember(learner: ATPAML, users: int = EVERYONE) -> ATPAML:
    """Store nodes of the first training users near their embeddings, with rates of their own."""
    generator = torch.Generator().manual_seed(0)
    batch = take(TRAIN, range(users))
    points = learner.network.embed(batch).users.detach()
    noise = torch.randn(points.shape, generator=generator, dtype=torch.float64)
    rates = 0.1 * torch.rand(users, generator=generator, dtype=torch.float64)
    to = points.dtype
    learner.memory.store(batch.users, points + (0.3 * noise).to(to), rates.to(to), "replace")
    return learner


def memory_bytes(learner: ATPAML) -> dict[str, bytes]:
    return {k: v for k, v in state_bytes(learner).items() if k.startswith("memory.")}


def plain_rates(
    learner: ATPAML, users: Tensor, own: Tensor, nodes: Tensor, rates: Tensor
) -> Tensor:
    """The users' rates, one by one, as a function of all nodes and their rates."""
    settings, found = learner.settings, []
    precision = settings.delta / (nodes.shape[1] * 0.3**2)
    for user, name in zip(users, own.tolist(), strict=True):
        others = (learner.memory.user != name).nonzero()[:, 0]
        far = (user - nodes[others]).square().sum(1)
        nearest = far.argsort()[: settings.neighbours]
        alike = torch.exp(-precision * far[nearest])
        mean = (alike * rates[others[nearest]]).sum() / (alike.sum() + settings.sigma)
        found.append(learner.learning_rate(user[None])[0] + mean)
    return torch.stack(found)


def loss_at(learner: ATPAML, nodes: Tensor, rates: Tensor) -> Tensor:
    """The loss on the first 12 training users as a function of all nodes and their rates."""
    batch = in_double(take(TRAIN, range(12)))
    embedded = learner.network.embed(batch)
    own = plain_rates(learner, embedded.users, batch.users, nodes, rates)
    outputs = adapt(
        learner.network, learner.head, embedded, batch, UserRates(own), learner.loop
    ).outputs
    return batch.query.mean(learner.head.loss(outputs, batch.query.target)).mean()


class TestStep:
    @pytest.mark.parametrize("changes", [{}, {"order": "first"}, {"inner_steps": 2}], ids=str)
    def test_the_nodes_descend_the_gradient_of_the_whole_loss(
        self, changes: dict[str, object]
    ) -> None:
        """In float64, within 1e-12, by autograd through all nodes and user by user."""
        learner = build_at_paml(
            memory_size=EVERYONE, neighbours=4, outer_lr=0.5, known_users="keep", **changes
        )
        memory = remember(learner).double().memory
        memory.index = FloatIndex()
        before = [x.clone().requires_grad_() for x in (memory.points, memory.rates)]
        loss = loss_at(learner, *before)
        gradients = torch.autograd.grad(loss, before)
        mean = learner.losses(in_double(take(TRAIN, range(12)))).mean()
        torch.testing.assert_close(mean, loss, rtol=1e-12, atol=0)
        mean.backward()
        learner.after_step(learner.trace())
        expected = [x.detach() - 0.5 * g for x, g in zip(before, gradients, strict=True)]
        assert (gradients[0].abs().sum(1) > 0).sum() > 12
        assert (expected[1] > 0).all()
        for actual, wanted in zip((memory.points, memory.rates), expected, strict=True):
            torch.testing.assert_close(actual, wanted, rtol=1e-12, atol=1e-12)

    @pytest.mark.parametrize("known_users", ["keep", "replace", "append"])
    def test_it_stores_embeddings_and_rates_as_they_were_in_the_loss(
        self, known_users: str
    ) -> None:
        """User by user the last node; those of users 15 to 19 met again are kept beside theirs."""
        learner = remember(build_at_paml(memory_size=EVERYONE, known_users=known_users), 20)
        batch = take(TRAIN, range(15, 25))
        with torch.no_grad():
            users = learner.network.embed(batch).users.clone()
            rates = learner.training_rates(users, batch).rate
        before = dict(zip(learner.memory.user.tolist(), learner.memory.points.clone(), strict=True))
        learner.losses(batch).mean().backward()
        for parameter in learner.parameters():
            parameter.data += 1
        learner.after_step(learner.trace())
        assert len(learner.memory) == (30 if known_users == "append" else 25)
        slots = {user: slot for slot, user in enumerate(learner.memory.user.tolist())}
        for user, embedding, rate in zip(batch.users.tolist(), users, rates, strict=True):
            point = learner.memory.points[slots[user]]
            if user < 20 and known_users == "keep":
                assert torch.allclose(point, before[user], atol=0.01)
                assert not torch.allclose(point, embedding, atol=0.1)
            else:
                assert torch.equal(point, embedding)
                assert torch.equal(learner.memory.rates[slots[user]], rate)

    def test_in_the_warm_up_it_stores_the_fixed_rate(self) -> None:
        learner = build_at_paml(warmup_epochs=1, warmup_lr=0.25)
        learner.losses(take(TRAIN, range(9))).mean().backward()
        learner.after_step(learner.trace())
        assert sorted(learner.memory.user[:9].tolist()) == list(range(9))
        assert learner.memory.rates.tolist() == [0.25] * 9 + [0] * (24 - 9)

    def test_the_warm_up_leaves_the_nodes_it_stored(self) -> None:
        learner = remember(build_at_paml(warmup_epochs=1, memory_size=EVERYONE), 20)
        before = learner.memory.points[:20].clone()
        learner.losses(take(TRAIN, range(20, 30))).mean().backward()
        learner.after_step(learner.trace())
        assert torch.equal(learner.memory.points[:20], before)

    def test_without_a_loss_it_is_refused(self) -> None:
        with pytest.raises(RuntimeError, match="follows losses"):
            build_at_paml().trace()


class TestTraining:
    def test_it_stores_training_users_alone(self) -> None:
        """Of the 8 training users all, and of the 40 others none, though validation met them."""
        folds = dataclasses.replace(RATINGS.folds, train=FEW, validation=TRAIN, groups=alike(TRAIN))
        settings = read_settings("at-paml", epochs=2)
        learner = build_at_paml(warmup_epochs=1)
        fit(learner, settings, folds, 0, lambda _: None)
        assert sorted(learner.memory.user.tolist()) == [-1] * 16 + list(range(8))

    @pytest.mark.parametrize("index", ["exact", "flann"])
    def test_predicting_leaves_the_memory(self, index: str) -> None:
        learner, _ = train("at-paml", index=index, epochs=2)
        assert isinstance(learner, ATPAML)
        before = memory_bytes(learner)
        assert len(before) == 5
        predict_fold(learner, TEST, CATALOGUE)
        assert memory_bytes(learner) == before

    def test_it_reports_on_its_memory(self) -> None:
        _, history = train("at-paml", epochs=3)
        first, *later = (epoch.measures for epoch in history)
        warmup = pytest.approx(OWN["at-paml"]["warmup_lr"])
        assert first == {"memory_nodes": 24, "memory_rate": warmup, "evictions": 40 - 24}
        for measures in later:
            assert measures.keys() == {*first, "mean_similarity", "recall"}
            assert 0 < measures["mean_similarity"] < 1
            assert 0 < measures["recall"] <= 1

    def test_the_mean_similarity_is_that_of_the_neighbours_that_count(self) -> None:
        """Two users beside their own nodes, and the other's at a mean squared difference of 1."""
        learner = build_at_paml(neighbours=5, delta=0.5)
        batch = take(TRAIN, [0, 1])
        users = learner.network.embed(batch).users.detach()
        points = torch.stack((users[1] + 0.3, users[0] - 0.3))
        learner.memory.store(batch.users, points, torch.zeros(2), "replace")
        learner.losses(batch).mean().backward()
        learner.after_step(learner.trace())
        assert learner.end_epoch()["mean_similarity"] == pytest.approx(math.exp(-0.5), rel=1e-5)

    def test_a_report_begins_anew_with_every_epoch(self) -> None:
        learner = build_at_paml(memory_size=8)
        for users in (range(8), range(8, 16)):
            learner.losses(take(TRAIN, users)).mean().backward()
            learner.after_step(learner.trace())
        assert learner.end_epoch()["evictions"] == 8
        assert learner.end_epoch().items() >= {"memory_nodes": 8, "evictions": 0}.items()


class TestPrediction:
    def test_it_consults_its_own_number_of_nodes_and_leaves_none_out(self) -> None:
        """σ next to 0 and a vast δ: the rate of the one node at the user's own embedding."""
        learner = build_at_paml(neighbours=9, neighbours_at_inference=1, delta=500.0, sigma=1e-30)
        batch = take(TRAIN, [0, 1, 2])
        users = learner.network.embed(batch).users.detach()
        rates = torch.tensor([0.3, 0.5, 0.7])
        learner.memory.store(batch.users, users, rates, "replace")
        found = learner.predict(batch).diagnostics.get("inner_lr")
        torch.testing.assert_close(found, learner.learning_rate(users) + rates)

    @pytest.mark.parametrize("count", [1, 3, 24])
    def test_it_consults_as_many_as_it_is_told(self, count: int) -> None:
        learner = remember(
            build_at_paml(neighbours_at_inference=count, delta=1e-12, sigma=1e-12), 24
        )
        batch = take_all(TEST)
        users = learner.network.embed(batch).users.detach()
        far = torch.cdist(users, learner.memory.points)
        rates = learner.memory.rates[far.topk(count, largest=False).indices].mean(1)
        inner_lr = learner.predict(batch).diagnostics.get("inner_lr")
        torch.testing.assert_close(inner_lr, learner.learning_rate(users) + rates)


def alike(users: Episodes) -> pl.Series:
    """All of one group."""
    return pl.Series(["minor"] * len(users))


@pytest.mark.parametrize("index", ["exact", "flann"])
def test_the_validation_users_do_not_change_the_training(index: str) -> None:
    """Their searches are not what the trees' age is counted by."""
    trees = {"trees": 1, "checks": 8, "rebuild_every": 7, "drift": 0.3}
    settings = read_settings("at-paml", index=index, epochs=3, flann=trees)
    losses = []
    for users in (12, 200):
        validation = make_episodes(users, 36, seed=51)
        folds = dataclasses.replace(RATINGS.folds, validation=validation, groups=alike(validation))
        learner = build_at_paml(index=index, epochs=3, flann=trees)
        losses.append([e.train_loss for e in fit(learner, settings, folds, 0, lambda _: None)])
    assert losses[0] == losses[1]
