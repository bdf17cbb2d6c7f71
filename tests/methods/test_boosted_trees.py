"""Boosted trees: the kept tensors say what scikit-learn says."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from torch import Tensor

from pipeline_lib.methods.base import build_method
from pipeline_lib.methods.boosted_trees import BoostedTrees
from pipeline_lib.models.trees import Trees
from pipeline_lib.settings.methods.base import parse_method
from tests.methods.test_regression import CLICKS, dense_features
from tests.methods.world import CATALOGUE, RATINGS, World, rated, take_all

RAW: dict[str, Any] = {
    "kind": "boosted-trees",
    "trees": 20,
    "depth": 3,
    "leaf_rows": 4,
    "learning_rate": 0.2,
    "columns": 12,
    "click_shrinkage": 3.0,
}


def fitted(world: World, **changes: object) -> BoostedTrees:
    method = build_method(parse_method(RAW | changes), world.problem, 0)
    assert isinstance(method, BoostedTrees)
    method.fit(world.folds.train, CATALOGUE)
    return method


@pytest.mark.parametrize("world", [RATINGS, CLICKS], ids=str)
def test_scores_are_those_of_scikit_learn_on_features_laid_out_row_by_row(world: World) -> None:
    method, train = fitted(world), take_all(world.folds.train)
    weight = method.weigh(train.query.target)
    clicks = world.task == "click"
    kind = HistGradientBoostingClassifier if clicks else HistGradientBoostingRegressor
    model = kind(
        learning_rate=0.2,
        max_iter=20,
        max_leaf_nodes=None,
        max_depth=3,
        min_samples_leaf=4,
        early_stopping=False,
    )
    features = dense_features(train, method.users_mean(train))
    model.fit(features[:, COLUMNS].numpy(), train.query.target.double().numpy(), weight.numpy())
    for batch in (train, take_all(world.test)):
        rows = dense_features(batch, method.users_mean(batch))[:, COLUMNS].numpy()
        expected = model.predict_proba(rows)[:, 1] if clicks else model.predict(rows)
        assert expected.std() > 0.1
        np.testing.assert_allclose(method.predict(batch).score.numpy(), expected, rtol=1e-5)


# The mean comes first; with a column for every value the others' order decides nothing else.
COLUMNS = [18, *range(18)]


def test_a_tree_by_hand() -> None:
    """Column 1 up to 0.5: 10; above: column 0 up to 2: 20, above: 30. A second tree adds 1."""
    trees = Trees(trees=3, depth=2)
    names = ("feature_idx", "num_threshold", "left", "right", "is_leaf", "value")
    nodes = [(1, 0.5, 1, 2, 0, 0.0), (0, 0, 0, 0, 1, 10.0), (0, 2.0, 3, 4, 0, 0.0)]
    nodes += [(0, 0, 0, 0, 1, 20.0), (0, 0, 0, 0, 1, 30.0)]
    first = {
        name: np.array(column) for name, column in zip(names, zip(*nodes, strict=True), strict=True)
    }
    leaf = {name: np.array([x]) for name, x in zip(names, (0, 0.0, 0, 0, 1, 1.0), strict=True)}
    trees.set_nodes([first, leaf])
    rows = torch.tensor([[9.0, 0.5], [2.0, 0.6], [2.1, 0.6]])
    assert trees(rows).tolist() == [11, 21, 31]


def test_columns_are_the_values_of_most_query_rows() -> None:
    method, batch = fitted(RATINGS, columns=2), take_all(RATINGS.folds.train)
    features = dense_features(batch, method.users_mean(batch))
    for column, codes in ((method.user_column, range(9)), (method.item_column, range(9, 18))):
        rows = (features[:, list(codes)] != 0).sum(0)
        chosen: Tensor = (column < 2).nonzero()[:, 0] - 1
        rest = [code for code in range(9) if code not in chosen.tolist()]
        assert len(chosen) == 2
        assert rows[chosen].min() >= rows[rest].max()


@pytest.mark.parametrize("world", [RATINGS, CLICKS], ids=str)
def test_a_users_query_rows_are_not_in_the_users_mean(world: World) -> None:
    """Which trees would otherwise read the targets from."""
    method, batch = fitted(world), take_all(world.folds.train)
    other = take_all(replace(world.folds.train, query=rated(world.folds.train.query, 1.0)))
    assert torch.equal(method._features(other), method._features(batch))


def test_the_same_data_give_the_same_bytes() -> None:
    first, second = fitted(CLICKS).state_dict(), fitted(CLICKS).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)
