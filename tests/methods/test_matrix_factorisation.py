"""Matrix factorisation against one user and one item at a time."""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from pipeline_lib.episodes.format import Episodes, Rows
from pipeline_lib.methods.base import ClosedForm, Method, build_method
from pipeline_lib.models.least_squares import ridge
from pipeline_lib.settings.methods.base import parse_method
from tests.methods.world import CATALOGUE, RATINGS, World, predict, ragged

RAW = {
    "kind": "matrix-factorisation",
    "item_shrinkage": 3.0,
    "user_shrinkage": 2.0,
    "factors": 2,
    "penalty": 0.5,
    "sweeps": 3,
}
PENALTIES = ("item_shrinkage", "user_shrinkage", "penalty")
FAR_MORE = 1e9
Array = npt.NDArray[Any]


def fitted(world: World = RATINGS, **changes: float) -> Method:
    method = build_method(parse_method({**RAW, **changes}), world.problem, seed=0).double()
    assert isinstance(method, ClosedForm)
    method.fit(world.folds.train.double(), world.folds.catalogue)
    return method


def solve(x: Array, y: Array, penalty: Array) -> Array:
    found: Array = np.linalg.solve(x.T @ x + np.diag(penalty), x.T @ y)
    return found


def reference(world: World) -> list[float]:
    """Fit and predict in float64, one user and one item at a time."""
    train = world.folds.train
    start = build_method(parse_method(RAW), world.problem, seed=0)
    items = len(CATALOGUE)
    q = start.state_dict()["item_factors"].double().numpy()
    sides = (train.support, train.query)
    user = np.concatenate([np.repeat(range(len(train)), np.diff(s.users.offsets)) for s in sides])
    item = np.concatenate([s.item for s in sides])
    y = np.concatenate([s.target.double() for s in sides])
    mean = y.mean()
    b = np.array([(y - mean)[item == i].sum() / ((item == i).sum() + 3.0) for i in range(items)])

    def own(rows: Array, targets: Array) -> Array:
        x = np.column_stack((np.ones(len(rows)), q[rows]))
        return solve(x, targets - mean - b[rows], np.array([2.0, 0.5, 0.5]))

    for _ in range(3):
        p = np.array([own(item[user == u], y[user == u]) for u in range(len(train))])
        penalty = np.array([3.0, 0.5, 0.5])
        for i in range(items):
            rows = item == i
            x = np.column_stack((np.ones(rows.sum()), p[user[rows], 1:]))
            b[i], *q[i] = solve(x, y[rows] - mean - p[user[rows], 0], penalty)
    scores = []
    for u in range(len(world.test)):
        support, query = (
            slice(*s.users.offsets[u : u + 2]) for s in (world.test.support, world.test.query)
        )
        w = own(
            world.test.support.item[support].numpy(), world.test.support.target[support].numpy()
        )
        rows = world.test.query.item[query].numpy()
        scores += (mean + b[rows] + w[0] + q[rows] @ w[1:]).tolist()
    return scores


def test_fits_and_predicts_as_one_user_and_one_item_at_a_time() -> None:
    expected = torch.tensor(reference(RATINGS), dtype=torch.float64)
    actual = predict(fitted(), RATINGS.test.double())
    torch.testing.assert_close(actual, expected, rtol=1e-9, atol=1e-9)


def test_sweeps_lower_the_penalised_error_of_the_training_rows() -> None:
    train = RATINGS.folds.train.double()
    item, target = train.all_rows()
    users = torch.cat(
        [s.users.take(torch.arange(len(train)))[1] for s in (train.support, train.query)]
    )
    costs = []
    for sweeps in (1, 2, 4, 8):
        method = fitted(sweeps=sweeps)
        state = method.state_dict()
        q, b = state["item_factors"], state["item_bias"]
        x = torch.cat((torch.ones(len(item), 1), q[item]), 1)
        residual, penalty = target - state["mean"] - b[item], torch.tensor([2.0, 0.5, 0.5]).double()
        own = ridge(x, residual, torch.ones_like(target), users, penalty, len(train))
        score = state["mean"] + b[item] + own[users, 0] + (own[users, 1:] * q[item]).sum(1)
        penalties = 2 * own[:, 0].square().sum() + 0.5 * own[:, 1:].square().sum()
        penalties += 3 * b.square().sum() + 0.5 * q.square().sum()
        costs.append(float((score - target).square().sum() + penalties))
    assert costs == sorted(costs, reverse=True)


def test_with_factors_that_cost_too_much_it_has_two_biases() -> None:
    method = fitted(penalty=FAR_MORE)
    assert method.state_dict()["item_factors"].abs().max() < 1e-6
    without = build_method(
        parse_method({"kind": "two-bias", "item_shrinkage": 3.0, "user_shrinkage": 2.0}),
        RATINGS.problem,
        seed=0,
    ).double()
    state = method.state_dict()
    without.load_state_dict({name: state[name] for name in ("mean", "item_bias")})
    test = RATINGS.test.double()
    torch.testing.assert_close(predict(method, test), predict(without, test), rtol=0, atol=1e-6)


def test_finds_two_planted_factors_and_those_of_new_users() -> None:
    """Every rating is 3 + p · q without noise; new users rate 10 of the 40 items, judge 30."""
    generator = torch.Generator().manual_seed(5)
    tastes, kinds = (torch.randn(n, 2, generator=generator) for n in (60, 40))
    ratings = 3 + tastes @ kinds.T

    def planted(users: slice, support: int) -> Episodes:
        own = ratings[users]
        sides = own.split((support, 40 - support), 1)
        items = torch.arange(40).split((support, 40 - support))
        rows = [
            Rows(ragged([len(i)] * len(own)), i.repeat(len(own)), y.flatten())
            for i, y in zip(items, sides, strict=True)
        ]
        codes = torch.ones(len(own), 3, dtype=torch.int64)
        return Episodes(torch.arange(len(own)), codes, codes.float(), *rows).double()

    method = build_method(
        parse_method({**RAW, **dict.fromkeys(PENALTIES, 1e-6), "sweeps": 30}),
        RATINGS.problem,
        seed=0,
    ).double()
    assert isinstance(method, ClosedForm)
    method.fit(planted(slice(0, 50), 20), CATALOGUE)
    test = planted(slice(50, 60), 10)
    error = predict(method, test) - test.query.target
    assert error.abs().max() < 0.01


def test_an_item_never_rated_gets_no_bias_and_no_factors() -> None:
    state = fitted().state_dict()
    item, _ = RATINGS.folds.train.all_rows()
    never = torch.ones(len(CATALOGUE), dtype=torch.bool)
    never[item] = False
    assert never.any()
    assert not state["item_bias"][never].any()
    assert not state["item_factors"][never].any()


def test_probabilities_stay_between_0_and_1() -> None:
    world = World("click")
    score = predict(fitted(world, penalty=0.01, user_shrinkage=0.01), world.test.double())
    assert score.min() == 0
    assert score.max() == 1
