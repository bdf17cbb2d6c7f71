"""Mixed effects against explicit features, one user at a time in float64."""

from typing import Any

import pytest
import torch
from torch import Tensor

from pipeline_lib.episodes.batch import Batch, BatchRows, take_batch
from pipeline_lib.episodes.format import Catalogue, Episodes, Rows
from pipeline_lib.methods.effects import EffectsLearner
from pipeline_lib.methods.matrix_factorisation import MatrixFactorisation
from pipeline_lib.metrics.loss import relative_weight
from tests.methods.world import CATALOGUE, RATINGS, WORLDS, World, build, in_double, ragged, take
from tests.methods.world import train as train_world

CLICKS = next(world for world in WORLDS if world.task == "click")
# Items 0 to 5 with two values of the first feature, one value with weight 0.5 of the second.
SEVERAL = Catalogue(
    ragged([2, 1, 1] * 6),
    torch.tensor([[1 + i % 2, 3 + i % 2, 5 + i % 3, 9] for i in range(6)]).flatten(),
    torch.tensor([[0.5, 0.5, 0.5, 0.1 * i] for i in range(6)]).flatten(),
    3,
)


def make(kind: str, world: World = RATINGS, **changes: Any) -> EffectsLearner:  # noqa: ANN401
    """A learner with every parameter drawn anew, in float64."""
    method = build(kind, world, **changes)
    assert isinstance(method, EffectsLearner)
    method.double()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in method.parameters():
            drawn = 0.4 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
            parameter.copy_(drawn)
        method.network.values.weight[0] = method.network.profile.weight[0] = 0
        method.mean.fill_(0.3)
    return method


def features(method: EffectsLearner, batch: Batch, item: int) -> Tensor:
    """1, the item's factors and a column for each of its values, times the deviations."""
    network, count = method.network, method.network.item_features
    starts = [*batch.item_bags.tolist(), len(batch.item_codes)]
    codes = torch.zeros(len(network.values.weight), dtype=torch.float64)
    factors = network.item_factors[batch.items[item]].clone()
    shared, by_feature = network.variances()
    scale = torch.zeros_like(codes)
    for feature in range(count):
        for place in range(starts[item * count + feature], starts[item * count + feature + 1]):
            code = batch.item_codes[place]
            codes[code] += batch.item_weights[place]
            scale[code] = by_feature[feature].sqrt()
            factors = factors + batch.item_weights[place] * network.values.weight[code, 1:]
    one = torch.ones(1, dtype=torch.float64)
    return torch.cat((torch.cat((one, factors)) * shared.sqrt(), codes * scale))


def expected(method: EffectsLearner, batch: Batch, user: int, item: int) -> Tensor:
    """The score before anything is known of the user."""
    network = method.network
    own, shared = network.items(batch)
    prior = network.common.clone()
    for code, value in zip(batch.codes[user], batch.values[user], strict=True):
        prior = prior + value * network.profile.weight[code]
    return method.mean + own[item] + prior @ shared[item]


def rows_of(rows: BatchRows, user: int) -> tuple[list[int], Tensor]:
    own = rows.user == user
    return rows.item[own].tolist(), rows.target[own]


def reference(method: EffectsLearner, batch: Batch, solve: Any) -> Tensor:  # noqa: ANN401
    """Scores of all query rows; solve: from x, residuals and weights to the user's weights."""
    scores = []
    for user in range(len(batch)):
        items, target = rows_of(batch.support, user)
        query, _ = rows_of(batch.query, user)
        wide = len(features(method, batch, 0))
        x = torch.stack([features(method, batch, i) for i in items]) if items else None
        own = torch.zeros(wide, dtype=torch.float64)
        if x is not None:
            left = target - torch.stack([expected(method, batch, user, i) for i in items])
            own = solve(x, left, relative_weight(method.task, target, method.mean))
        scores += [
            expected(method, batch, user, i) + features(method, batch, i) @ own for i in query
        ]
    score = torch.stack(scores)
    return score if method.task.kind == "rating" else score.clamp(0, 1)


def ridge(x: Tensor, left: Tensor, weight: Tensor) -> Tensor:
    eye = torch.eye(x.shape[1], dtype=x.dtype)
    own: Tensor = torch.linalg.solve(x.T @ (weight[:, None] * x) + eye, x.T @ (weight * left))
    return own


def descent(rate: float, steps: int) -> Any:  # noqa: ANN401
    def solve(x: Tensor, left: Tensor, weight: Tensor) -> Tensor:
        own = torch.zeros(x.shape[1], dtype=x.dtype, requires_grad=True)
        for _ in range(steps):
            loss = (weight * (left.detach() - x.detach() @ own).square()).mean()
            (gradient,) = torch.autograd.grad(loss, own)
            own = (own - rate * gradient).detach().requires_grad_()
        return own.detach()

    return solve


def batches() -> list[Batch]:
    """Users of three blocks; items with several values; users without support rows."""
    test = RATINGS.test.double()
    whole = take_batch(test, CATALOGUE.double(), torch.arange(len(test)))
    few = Episodes(
        test.user[:9],
        test.codes[:9],
        test.values[:9],
        _part([0, 3, 5, 1, 0, 2, 4, 7, 9], 7),
        _part([1, 2, 1, 3, 1, 1, 2, 1, 4], 8),
    )
    return [whole, take_batch(few.double(), SEVERAL.double(), torch.arange(9))]


def _part(counts: list[int], seed: int) -> Rows:
    generator = torch.Generator().manual_seed(seed)
    count = sum(counts)
    item = torch.randint(0, 6, (count,), generator=generator)
    return Rows(ragged(counts), item, 5 * torch.rand(count, generator=generator))


def assert_near(actual: Tensor, wanted: Tensor) -> None:
    torch.testing.assert_close(actual, wanted, rtol=0, atol=1e-9)


@pytest.mark.parametrize("place", [0, 1])
class TestAgainstExplicitFeatures:
    def test_the_closed_form_is_a_ridge_regression(self, place: int) -> None:
        method, batch = make("effects-ridge"), batches()[place]
        assert_near(method.predict(batch).score, reference(method, batch, ridge))

    @pytest.mark.parametrize("steps", [1, 2, 10])
    def test_steps_are_gradient_steps(self, place: int, steps: int) -> None:
        method = make("effects-melu", inner_lr=0.1, inner_steps=steps)
        batch = batches()[place]
        assert_near(method.predict(batch).score, reference(method, batch, descent(0.1, steps)))


def test_clicks_weigh_as_in_the_loss() -> None:
    batch = in_double(take(CLICKS.test, range(12)))
    method = make("effects-ridge", CLICKS)
    assert_near(method.predict(batch).score, reference(method, batch, ridge))
    steps = make("effects-melu", CLICKS, inner_lr=0.1, inner_steps=2)
    assert_near(steps.predict(batch).score, reference(steps, batch, descent(0.1, 2)))


@pytest.mark.parametrize("kind", ["effects-ridge", "effects-melu", "effects-paml"])
def test_the_gradient_of_the_losses_is_exact(kind: str) -> None:
    method, batch = make(kind), batches()[1]
    names, values = zip(*method.named_parameters(), strict=True)

    def losses(*parameters: Tensor) -> Tensor:
        own = dict(zip(names, parameters, strict=True))
        found: Tensor = torch.func.functional_call(_Losses(method), _under("method.", own), batch)
        return found

    start = tuple(value.detach().clone().requires_grad_() for value in values)
    assert torch.autograd.gradcheck(losses, start, fast_mode=True)


class _Losses(torch.nn.Module):
    def __init__(self, method: EffectsLearner) -> None:
        super().__init__()
        self.method = method

    def forward(self, batch: Batch) -> Tensor:
        return self.method.losses(batch)


def _under(prefix: str, values: dict[str, Tensor]) -> dict[str, Tensor]:
    return {f"{prefix}{name}": value for name, value in values.items()}


def test_rates_by_user_are_within_bounds_and_follow_the_profile_alone() -> None:
    method, batch = make("effects-paml", lr_max=0.7), batches()[0]
    rates = method.predict(batch).diagnostics.get("inner_lr")
    assert rates is not None
    rates = rates.detach()
    assert ((rates > 0) & (rates < 0.7)).all()
    by_profile: dict[str, float] = {}
    for codes, values, rate in zip(batch.codes, batch.values, rates, strict=True):
        key = f"{codes.tolist()} {values.tolist()}"
        assert by_profile.setdefault(key, float(rate)) == pytest.approx(float(rate), abs=1e-12)
    assert rates.std() > 0


def test_the_warm_start_is_a_matrix_factorisation() -> None:
    settings: dict[str, Any] = {
        "factors": 2,
        "sweeps": 6,
        "item_shrinkage": 2.0,
    }
    method = build("effects-ridge", user_variance=0.25, factor_variance=0.2, **settings)
    other = build("matrix-factorisation", user_shrinkage=4.0, penalty=5.0, **settings)
    assert isinstance(method, EffectsLearner)
    assert isinstance(other, MatrixFactorisation)
    other.item_factors.copy_(method.network.item_factors.detach())
    train = RATINGS.folds.train
    other.fit(train, RATINGS.folds.catalogue)
    # That begins with the items' means, this with none: after some sweeps both are as near.
    method.network.item_bias.data.copy_(_item_means(train))
    method.warm_start(train)
    for left, right in (
        (method.network.item_bias, other.item_bias),
        (method.network.item_factors, other.item_factors),
        (method.mean, other.mean),
    ):
        torch.testing.assert_close(left.detach(), right, rtol=0, atol=1e-5)


def _item_means(train: Episodes) -> Tensor:
    own = build("item-mean", item_shrinkage=2.0)
    own.fit(train, RATINGS.folds.catalogue)  # type: ignore[operator]
    bias: Tensor = own.item_bias  # type: ignore[assignment]
    return bias


def test_untrained_features_weigh_nothing_where_their_variance_is_0() -> None:
    method, batch = make("effects-ridge", feature_variance=0.0), batches()[0]
    with torch.no_grad():
        method.network.log_ratio.zero_()
    assert not method.network.variances()[1].any()
    assert_near(method.predict(batch).score, reference(method, batch, ridge))


def test_a_user_without_support_rows_gets_the_prior() -> None:
    method, batch = make("effects-ridge"), batches()[1]
    empty = int((batch.support.counts == 0).nonzero()[0, 0])
    score = method.predict(batch).score[batch.query.user == empty]
    items, _ = rows_of(batch.query, empty)
    wanted = torch.stack([expected(method, batch, empty, i) for i in items])
    assert_near(score, wanted)


def test_training_raises_the_variances_of_what_users_differ_by() -> None:
    method, _ = train_world("effects-ridge", epochs=8, user_variance=0.01)
    assert isinstance(method, EffectsLearner)
    assert float(method.network.log_ratio[0].detach()) > 0.1
