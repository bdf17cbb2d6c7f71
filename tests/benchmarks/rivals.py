"""The training step as others write it: user by user, by vmap, by `higher`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

import torch
from torch import Tensor, nn
from torch.func import grad, vmap
from torch.nn.functional import embedding_bag, linear, relu

from pipeline_lib.episodes.batch import Batch, BatchRows
from pipeline_lib.meta.rates import Rates, UserRates, WeightRates
from pipeline_lib.methods.baselines import MetaSGD
from pipeline_lib.methods.inner_loop import AdaptiveLearner
from pipeline_lib.methods.paml import RegPAML
from pipeline_lib.models.preference import Embedded
from tests.benchmarks.world import ITEM_VALUES, World

Losses = Callable[[Batch], Tensor]


@dataclass(frozen=True)
class Rival:
    """Another way to compute a method's losses, [users]."""

    method: AdaptiveLearner
    world: World

    def by_multi_hot(self) -> Losses:
        """Write it as most published code does: a loop over users, multi-hot rows."""
        hot = _multi_hot(self.world)
        table = self.method.network.item_values.weight
        weights = table[1:].split(ITEM_VALUES)

        def embed(items: Tensor) -> Tensor:
            rows = hot[items].split(ITEM_VALUES, 1)
            pairs = zip(rows, weights, strict=True)
            return torch.cat([x @ w for x, w in pairs], 1)

        return lambda batch: self._loop(batch, embed)

    def by_look_up(self) -> Losses:
        """Write a loop over users that looks the rows' embeddings up."""
        catalogue, table = self.world.catalogue, self.method.network.item_values.weight

        def embed(items: Tensor) -> Tensor:
            codes, weights, bags = catalogue.take(items)
            vectors = embedding_bag(
                codes, table, bags, mode="sum", per_sample_weights=weights, padding_idx=0
            )
            return vectors.view(len(items), -1)

        return lambda batch: self._loop(batch, embed)

    def by_vmap(self) -> Losses:
        """Write one user's loss and let `torch.func.vmap` batch it, rows padded to the longest."""

        def losses(batch: Batch) -> Tensor:
            embedded, rates = self._rates(batch)
            support = _padded(embedded, batch.support)
            query = _padded(embedded, batch.query)
            count = len(self._weights())
            if isinstance(rates, UserRates):
                rate, axis = [rates.rate] * count, 0
            else:
                rate, axis = _per_weight(rates), None
            function = vmap(self._one_user, (None, axis, 0, 0, 0))
            found: Tensor = function(self._weights(), rate, embedded.users, support, query)
            return found

        return losses

    def by_higher(self) -> Losses | None:
        """Write it with the `higher` package; None where it is missing or has no such rates."""
        missing = not find_spec("higher") or isinstance(self.method, MetaSGD)
        return None if missing else self._higher

    def _loop(self, batch: Batch, embed: Callable[[Tensor], Tensor]) -> Tensor:
        _, rates = self._rates(batch)
        episodes, users = self.world.episodes, self.method.network.user_values
        losses = []
        for place, user in enumerate(batch.users.tolist()):
            profile = (users(episodes.codes[user]) * episodes.values[user, :, None]).flatten()
            data = []
            for rows in (episodes.support, episodes.query):
                start, stop = rows.users.offsets[user : user + 2].tolist()
                items = embed(rows.item[start:stop])
                x = torch.cat((profile.expand(len(items), -1), items), 1)
                data.append((x, rows.target[start:stop]))
            losses.append(self._user_loss(data, _of_user(rates, place, len(self._weights()))))
        return torch.stack(losses)

    def _user_loss(self, data: Sequence[tuple[Tensor, Tensor]], rates: Sequence[Tensor]) -> Tensor:
        weights = self._weights()
        (x, y), (x_q, y_q) = data
        gradients = torch.autograd.grad(_error(weights, x, y), weights, create_graph=True)
        moved = zip(weights, rates, gradients, strict=True)
        return _error([w - r * g for w, r, g in moved], x_q, y_q) + self._extra(gradients, rates)

    def _one_user(
        self,
        weights: list[Tensor],
        rates: list[Tensor],
        profile: Tensor,
        support: tuple[Tensor, ...],
        query: tuple[Tensor, ...],
    ) -> Tensor:
        def error(weights: list[Tensor], side: tuple[Tensor, ...]) -> Tensor:
            items, y, there = side
            x = torch.cat((profile.expand(len(items), -1), items), 1)
            return ((_forward(weights, x) - y).square() * there).sum() / there.sum()

        gradients = grad(error)(weights, support)
        moved = zip(weights, rates, gradients, strict=True)
        return error([w - r * g for w, r, g in moved], query) + self._extra(gradients, rates)

    def _higher(self, batch: Batch) -> Tensor:
        import higher

        embedded, rates = self._rates(batch)
        network = self.method.network
        layers = [m for layer in network.layers[:-1] for m in (layer, nn.ReLU())]
        model = nn.Sequential(*layers, network.layers[-1])
        inner = torch.optim.SGD(model.parameters(), lr=1.0)
        losses = []
        for user in range(len(batch)):
            x, y = _own_rows(embedded, batch.support, user)
            rate = _of_user(rates, user, 1)
            with higher.innerloop_ctx(
                model, inner, copy_initial_weights=False, override={"lr": rate}
            ) as (own, step):
                error = (own(x)[:, 0] - y).square().mean()
                if isinstance(self.method, RegPAML):
                    found = torch.autograd.grad(error, list(own.parameters()), create_graph=True)
                step.step(error)
                x_q, y_q = _own_rows(embedded, batch.query, user)
                loss = (own(x_q)[:, 0] - y_q).square().mean()
                extra = self._extra(found, rate) if isinstance(self.method, RegPAML) else 0.0
                losses.append(loss + extra)
        return torch.stack(losses)

    def _rates(self, batch: Batch) -> tuple[Embedded, Rates]:
        embedded = self.method.network.embed(batch)
        return embedded, self.method.training_rates(embedded.users, batch)

    def _weights(self) -> list[Tensor]:
        return [p for layer in self.method.network.layers for p in (layer.weight, layer.bias)]

    def _extra(self, gradients: Sequence[Tensor], rates: Sequence[Tensor]) -> Tensor | float:
        if not isinstance(self.method, RegPAML):
            return 0.0
        return self.method.gamma * sum(g.square().sum() for g in gradients) * rates[0].abs()


def _of_user(rates: Rates, place: int, count: int) -> list[Tensor]:
    return [rates.rate[place]] * count if isinstance(rates, UserRates) else _per_weight(rates)


def _per_weight(rates: Rates) -> list[Tensor]:
    if not isinstance(rates, WeightRates):
        raise TypeError(type(rates).__name__)
    pairs = zip(rates.weights, rates.biases, strict=True)
    return [rate for pair in pairs for rate in pair]


def _forward(weights: Sequence[Tensor], x: Tensor) -> Tensor:
    for weight, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        x = relu(linear(x, weight, bias))
    return linear(x, weights[-2], weights[-1])[:, 0]


def _error(weights: Sequence[Tensor], x: Tensor, y: Tensor) -> Tensor:
    return (_forward(weights, x) - y).square().mean()


def _own_rows(embedded: Embedded, rows: BatchRows, user: int) -> tuple[Tensor, Tensor]:
    own = rows.user == user
    items = embedded.items[rows.item[own]]
    profile = embedded.users[user].expand(len(items), -1)
    return torch.cat((profile, items), 1), rows.target[own]


def _padded(embedded: Embedded, rows: BatchRows) -> tuple[Tensor, ...]:
    """Items [users, longest, width], targets and whether a row is there [users, longest]."""
    shape = (len(rows.counts), int(rows.counts.max()))
    slots = rows.user * shape[1] + rows.rank
    item = torch.zeros(shape, dtype=torch.int64).view(-1).index_put((slots,), rows.item)
    target = torch.zeros(shape).view(-1).index_put((slots,), rows.target)
    there = torch.zeros(shape).view(-1).index_put((slots,), torch.ones(()))
    items = embedded.items.index_select(0, item).view(*shape, -1)
    return items, target.view(shape), there.view(shape)


def _multi_hot(world: World) -> Tensor:
    bags, codes = world.catalogue.bags, world.catalogue.codes
    _, bag, _ = bags.take(torch.arange(len(bags)))
    hot = torch.zeros(len(world.catalogue), sum(ITEM_VALUES))
    places = (bag // world.catalogue.features, codes - 1)
    return hot.index_put(places, world.catalogue.weights, accumulate=True)
