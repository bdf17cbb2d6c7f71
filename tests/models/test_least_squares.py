"""Ridge regression of many owners, against one at a time."""

import numpy as np
import pytest
import torch
from torch import Tensor

import pipeline_lib.models.least_squares as module
from pipeline_lib.models.least_squares import ridge

OWNER = torch.tensor([0, 2, 2, 0, 2, 4, 0, 2])  # owners 1 and 3 have no rows
PENALTY = torch.tensor([0.5, 2.0, 1.0], dtype=torch.float64)


def drawn(*shape: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(shape, generator=generator, dtype=torch.float64)


FEATURES, TARGET, WEIGHT = drawn(8, 3, seed=0), drawn(8, seed=1), drawn(8, seed=2)


def solved(features: Tensor = FEATURES, penalty: Tensor = PENALTY) -> Tensor:
    return ridge(features, TARGET, WEIGHT, OWNER, penalty, 5)


def test_one_feature_by_hand() -> None:
    """Rows (1, 2) and (3, 4) of weights 1 and 2, penalty 1: (2 + 24) / (1 + 18 + 1)."""
    one = torch.ones(2, dtype=torch.int64)
    x, y, w = torch.tensor([[1.0], [3.0]]), torch.tensor([2.0, 4.0]), torch.tensor([1.0, 2.0])
    assert ridge(x, y, w, one, torch.ones(1), 2).tolist() == [[0.0], [pytest.approx(1.3)]]


def test_each_owner_is_solved_on_rows_of_their_own() -> None:
    for owner in range(5):
        own = owner == OWNER
        root = WEIGHT[own].sqrt()
        rows = torch.cat((root[:, None] * FEATURES[own], PENALTY.sqrt().diag()))
        goal = torch.cat((root * TARGET[own], torch.zeros(3, dtype=torch.float64)))
        expected = np.linalg.lstsq(rows.numpy(), goal.numpy(), rcond=None)[0]
        np.testing.assert_allclose(solved()[owner].numpy(), expected, rtol=1e-10, atol=1e-14)


def test_an_owner_without_rows_gets_zero() -> None:
    assert solved()[[1, 3]].tolist() == [[0.0] * 3] * 2


def test_many_rows_are_taken_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = solved()
    monkeypatch.setattr(module, "ROWS_AT_ONCE", 3)
    torch.testing.assert_close(solved(), whole, rtol=1e-12, atol=1e-14)


def test_gradients_reach_features_and_penalties() -> None:
    inputs = FEATURES.clone().requires_grad_(), PENALTY.clone().requires_grad_()
    assert torch.autograd.gradcheck(solved, inputs)
