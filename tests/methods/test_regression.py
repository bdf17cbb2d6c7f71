"""The regression on features, worked by hand and against the conditions of its least loss."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from pipeline_lib.episodes.batch import Batch
from pipeline_lib.methods.base import build_method
from pipeline_lib.methods.regression import Regression
from pipeline_lib.settings.methods.base import parse_method
from tests.methods.world import CATALOGUE, ITEM_CODES, RATINGS, World, in_double, take_all

CLICKS = World("click")
PENALTY, SHRINKAGE = 2.0, 3.0


def fitted(world: World) -> Regression:
    raw = {"kind": "regression", "penalty": PENALTY, "click_shrinkage": SHRINKAGE}
    method = build_method(parse_method(raw), world.problem, 0).double()
    assert isinstance(method, Regression)
    method.fit(world.folds.train.double(), CATALOGUE.double())
    return method


def dense_features(batch: Batch, mean: Tensor) -> Tensor:
    """One row after another: user codes 1 to 9, item codes 1 to 9, the user's mean."""
    found = torch.zeros(len(batch.query.target), 19).double()
    for row, (user, item) in enumerate(zip(batch.query.user, batch.query.item, strict=True)):
        for code, value in zip(batch.codes[user], batch.values[user], strict=True):
            found[row, code - 1] += value
        number = batch.items[item]
        first, last = CATALOGUE.bags.offsets[3 * number], CATALOGUE.bags.offsets[3 * number + 3]
        for place in range(int(first), int(last)):
            found[row, 8 + CATALOGUE.codes[place]] += CATALOGUE.weights[place]
        found[row, 18] = mean[user]
    return found


@pytest.mark.parametrize("world", [RATINGS, CLICKS], ids=str)
def test_no_other_weights_have_less_loss_on_the_training_users_query_rows(world: World) -> None:
    """The gradient of Σ w(r) loss(r) + penalty ‖weights‖² / 2 is 0."""
    method, batch = fitted(world), in_double(take_all(world.folds.train))
    support, target = batch.support, batch.query.target
    clicks = world.task == "click"
    count = torch.zeros(len(batch)).double()
    total = count.clone()
    # A click weighs nine times what another row does, in units of the rows' mean weight.
    everything = torch.cat((support.target, target))
    raw = 0.1 + 0.8 * everything if clicks else torch.ones_like(everything)
    weight = raw / raw.mean()
    overall = (weight * everything).sum() / weight.sum()
    for row, user in enumerate(support.user):
        count[user] += weight[row]
        total[user] += weight[row] * support.target[row]
    more = SHRINKAGE if clicks else 0.0
    features = dense_features(batch, (total + more * overall) / (count + more))
    own = torch.cat((method.user_weight[1:], method.item_weight[1:], method.mean_weight[None]))
    rows = weight[len(support.target) :]

    def gradient(weights: Tensor, bias: Tensor) -> Tensor:
        weights, bias = (x.clone().requires_grad_() for x in (weights, bias))
        z = features @ weights + bias
        loss = (z.exp().log1p() - target * z) if clicks else (z - target).square()
        objective = (rows * loss).sum() + PENALTY / 2 * weights.square().sum()
        return torch.cat([g.flatten() for g in torch.autograd.grad(objective, (weights, bias))])

    without = gradient(torch.zeros_like(own), method.bias)
    assert gradient(own, method.bias).norm() < 1e-4 * without.norm()
    z = features @ own + method.bias
    expected = z.sigmoid() if clicks else z
    torch.testing.assert_close(method.predict(batch).score, expected, rtol=1e-5, atol=1e-5)


def test_an_unknown_value_has_no_weight() -> None:
    method = fitted(CLICKS)
    assert method.user_weight[0] == method.item_weight[0] == 0


def test_the_scores_of_clicks_by_hand() -> None:
    """Log-odds −1 + 0.5 · 2 for the first item's first code, and 3 times the user's mean."""
    method, test = fitted(CLICKS), CLICKS.test.double()
    for own in (method.user_weight, method.item_weight):
        own.zero_()
    method.bias.fill_(-1)
    method.item_weight[ITEM_CODES[0, 0]] = 0.5 * 2
    method.mean_weight.fill_(3)
    method.mean.fill_(0.25)
    nobody = replace(
        test.support, users=replace(test.support.users, offsets=torch.zeros(24).long())
    )
    query = replace(test.query, item=torch.zeros_like(test.query.item))
    batch = in_double(take_all(replace(test, support=nobody, query=query)))
    expected = torch.tensor(-1 + 1 + 3 * 0.25).sigmoid().double()
    torch.testing.assert_close(method.predict(batch).score, expected.expand(len(query.item)))


@pytest.mark.parametrize("world", [RATINGS, CLICKS], ids=str)
def test_the_training_users_query_rows_are_fitted_and_the_support_rows_only_averaged(
    world: World,
) -> None:
    """Else a target would be predicted from a mean that it is part of."""
    method, train = fitted(world), world.folds.train
    means = method.users_mean(take_all(train))
    turned = replace(train.query, target=train.query.target.flip(0))
    method.fit(replace(train, query=turned).double(), CATALOGUE.double())
    torch.testing.assert_close(method.users_mean(take_all(train)), means)
    assert not torch.isclose(method.mean_weight, fitted(world).mean_weight)
