"""The inner loop as the papers write it: user by user, autograd, each user's own weights."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, logsigmoid

from pipeline_lib.episodes.format import Rows
from pipeline_lib.methods.base import Learner, Method
from tests.worlds import CLICK, GAMMA, SIZES, Setup, World

Parameters = Mapping[str, Tensor]

TABLES = ("network.user_values.weight", "network.item_values.weight")


@dataclass(frozen=True)
class PerUserReference:
    """Slow and plain: shares nothing with the learner but its parameters, by their names."""

    setup: Setup
    world: World
    parameters: Parameters

    def losses(self) -> Tensor:
        """Compute every user's part of the outer loss, [users] in the fold's order."""
        return torch.stack([self.loss(user) for user in range(len(self.world.episodes))])

    def scores(self) -> Tensor:
        """Score every query row, [query rows] in the fold's order."""
        query = self.world.episodes.query
        users = range(len(self.world.episodes))
        return torch.cat([self._score(self._outputs(self.adapt(u), u, query)) for u in users])

    def squares(self) -> Tensor:
        """Compute ‖∇θ L_i‖² of every user's support loss at the first step, [users]."""
        users = range(len(self.world.episodes))
        found = [self._gradient(self.parameters, user, graph=True) for user in users]
        return torch.stack(
            [torch.stack([g.square().sum() for g in f.values()]).sum() for f in found]
        )

    def loss(self, user: int) -> Tensor:
        """Compute one user's part of the outer loss."""
        loss = self._loss(self.adapt(user), user, self.world.episodes.query)
        if self.setup.kind != "reg-paml":
            return loss
        gradient = self._gradient(self.parameters, user, graph=self.setup.order == "second")
        squares = torch.stack([g.square().sum() for g in gradient.values()]).sum()
        return loss + GAMMA * squares * self._user_rate(user).abs()

    def adapt(self, user: int) -> Parameters:
        """Take one user's steps."""
        theta = dict(self.parameters)
        for _ in range(self.setup.steps):
            gradient = self._gradient(theta, user, graph=self.setup.order == "second")
            theta |= {n: theta[n] - self._rate(n, user) * g for n, g in gradient.items()}
        return theta

    def adapting(self, theta: Parameters) -> list[str]:
        """Name what takes the steps."""
        names = [n for n in theta if n.startswith(("network.first.", "network.later."))]
        return [*names, *TABLES] if self.setup.adapt == "all" else names

    def _gradient(self, theta: Parameters, user: int, *, graph: bool) -> dict[str, Tensor]:
        names = self.adapting(theta)
        if len(own(self.world.episodes.support, user)[0]) == 0:
            return {name: torch.zeros_like(theta[name]) for name in names}
        loss = self._loss(theta, user, self.world.episodes.support)
        found = torch.autograd.grad(
            loss,
            [theta[n] for n in names],
            create_graph=graph,
            allow_unused=True,
            materialize_grads=True,
        )
        return dict(zip(names, found, strict=True))

    def _rate(self, name: str, user: int) -> Tensor | float:
        if self.setup.kind == "melu":
            return self.setup.rate
        return self._weight_rate(name) if self.setup.kind == "meta-sgd" else self._user_rate(user)

    def _weight_rate(self, name: str) -> Tensor:
        if name in TABLES:
            return self.parameters[f"weight_rates.tables.{TABLES.index(name)}"]
        *_, layer, sort = name.split(".")
        group = {"weight": "weights", "bias": "biases"}[sort]
        return self.parameters[f"weight_rates.{group}.{0 if layer == 'first' else int(layer) + 1}"]

    def _user_rate(self, user: int) -> Tensor:
        """Compute α(h) = lr_max σ(MLP(h))."""
        mlp = [p for n, p in self.parameters.items() if n.startswith("learning_rate.mlp.")]
        x = self._user(self.parameters, user)
        for weight, bias in zip(mlp[:-2:2], mlp[1:-2:2], strict=True):
            x = (weight @ x + bias).clamp(min=0)
        return self.setup.rate / (1 + (-(mlp[-2] @ x + mlp[-1])).exp()[0])

    def _loss(self, theta: Parameters, user: int, rows: Rows) -> Tensor:
        z, target = self._outputs(theta, user, rows), own(rows, user)[1]
        weight = torch.tensor([CLICK.other_weight, CLICK.clicked_weight], dtype=z.dtype)
        match self.setup.head:
            case "rating value" | "rating levels":
                return ((self._score(z) - target) ** 2).mean()
            case "click value":
                right = torch.where(target == 1, z[:, 0], -z[:, 0])
                return -(weight[target.long()] * logsigmoid(right)).mean()
        return cross_entropy(z, target.long(), weight, reduction="sum") / len(target)

    def _score(self, z: Tensor) -> Tensor:
        match self.setup.head:
            case "rating value":
                return z[:, 0]
            case "rating levels":
                p = z.exp() / z.exp().sum(1, keepdim=True)
                return p[:, 0] + 2 * p[:, 1] + 3 * p[:, 2] + 4 * p[:, 3] + 5 * p[:, 4]
            case "click value":
                return 1 / (1 + (-z[:, 0]).exp())
        return 1 / (1 + (z[:, 0] - z[:, 1]).exp())

    def _outputs(self, theta: Parameters, user: int, rows: Rows) -> Tensor:
        profile = self._user(theta, user)
        items = own(rows, user)[0].tolist()
        vectors = {item: self._item(theta, item) for item in {*items}}
        x = torch.stack([torch.cat((profile, vectors[item])) for item in items])
        x = x @ theta["network.first.weight"].T + theta["network.first.bias"]
        for number in range(len(self.setup.hidden)):
            layer = f"network.later.{number}"
            x = x.clamp(min=0) @ theta[f"{layer}.weight"].T + theta[f"{layer}.bias"]
        return x

    def _user(self, theta: Parameters, user: int) -> Tensor:
        """Put one user's vectors, times their values, side by side; an unknown one's is zero.

        Where there are several slots, a feature's vector is the sum of its slots'.
        """
        table, episodes = theta[TABLES[0]], self.world.episodes
        pairs = zip(episodes.codes[user].tolist(), episodes.values[user].tolist(), strict=True)
        vectors = [v * table[c] if c else torch.zeros_like(table[0]) for c, v in pairs]
        features = SIZES.user_features
        return torch.cat([torch.stack(vectors[n::features]).sum(0) for n in range(features)])

    def _item(self, theta: Parameters, item: int) -> Tensor:
        """Put the weighted sums of one item's bags side by side; an empty bag's is zero."""
        table, catalogue = theta[TABLES[1]], self.world.catalogue
        offsets, first = catalogue.bags.offsets.tolist(), item * catalogue.features
        sums = []
        for bag in range(first, first + catalogue.features):
            sums.append(torch.zeros_like(table[0]))
            for place in range(offsets[bag], offsets[bag + 1]):
                sums[-1] = sums[-1] + catalogue.weights[place] * table[catalogue.codes[place]]
        return torch.cat(sums)


def reference(setup: Setup, world: World, learner: Method) -> PerUserReference:
    return PerUserReference(setup, world, dict(learner.named_parameters()))


def own(rows: Rows, user: int) -> tuple[Tensor, Tensor]:
    """Cut out one user's items and targets."""
    start, stop = rows.users.offsets[user : user + 2].tolist()
    return rows.item[start:stop], rows.target[start:stop]


def gradients(values: Tensor, learner: Method) -> dict[str, Tensor]:
    """The gradient of every parameter, zero where there is none.

    values: [users]; each counts with a weight of its own, lest two users' be mixed up.
    """
    names, parameters = zip(*learner.named_parameters(), strict=True)
    total = values @ torch.linspace(1, 2, len(values)).to(values)
    found = torch.autograd.grad(total, parameters, allow_unused=True, materialize_grads=True)
    return dict(zip(names, found, strict=True))


def assert_near(actual: Tensor, expected: Tensor, tolerance: float) -> None:
    """Hold the largest error below `tolerance` times the largest expected value."""
    assert actual.shape == expected.shape
    error, scale = (float(x.abs().max()) for x in ((actual - expected).detach(), expected.detach()))
    assert error <= tolerance * scale, f"error {error:.3g} at a scale of {scale:.3g}"


def assert_follows(
    learner: Learner, reference: PerUserReference, world: World
) -> dict[str, Tensor]:
    """Hold scores, losses and outer gradients to a reference; return its gradients."""
    batch = world.batch()
    losses, expected = learner.losses(batch), reference.losses()[batch.users]
    assert_near(losses, expected, 1e-12)
    assert_near(learner.predict(batch).score, reference.scores()[batch.query.position], 1e-12)
    actual, wanted = gradients(losses, learner), gradients(expected, learner)
    for name, gradient in wanted.items():
        assert_near(actual[name], gradient, 1e-10)
    return wanted
