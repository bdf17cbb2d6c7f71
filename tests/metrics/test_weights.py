"""Weights of rows, and the means that are best under them."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from pipeline_lib.metrics.loss import relative_weight, row_loss, row_weight, weighted_mean
from pipeline_lib.settings.task import ClickTask, RatingTask, Task

RATING, CLICK = RatingTask(scale=(1, 5)), ClickTask()
MIXED = st.lists(st.integers(0, 1), min_size=2, max_size=30).filter(lambda x: 0 < sum(x) < len(x))


def column(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def loss_of(task: Task, score: Tensor, target: Tensor) -> float:
    return float(row_loss(task, score.expand_as(target), target).mean())


def test_hand_worked_clicks() -> None:
    """One click in four: 0.9 against 3 times 0.1, hence 3/4; the mean weight is 1.2 / 4 = 0.3."""
    target = column(0, 1, 0, 0)
    assert row_weight(CLICK, target).tolist() == pytest.approx([0.1, 0.9, 0.1, 0.1])
    mean = weighted_mean(CLICK, target)
    assert mean.item() == pytest.approx(0.75)
    assert relative_weight(CLICK, target, mean).tolist() == pytest.approx([1 / 3, 3, 1 / 3, 1 / 3])


def test_clicks_weigh_as_the_task_says() -> None:
    assert row_weight(CLICK, column(0, 1, 0)).tolist() == pytest.approx([0.1, 0.9, 0.1])


@given(target=MIXED)
def test_the_training_rows_weigh_one_on_average(target: list[float]) -> None:
    rows = column(*target)
    weight = relative_weight(CLICK, rows, weighted_mean(CLICK, rows))
    assert weight.mean().item() == pytest.approx(1, rel=1e-12)


@given(target=st.lists(st.floats(1, 5, width=32), min_size=1))
def test_ratings_weigh_alike_and_their_mean_is_the_plain_one_to_the_last_bit(
    target: list[float],
) -> None:
    rows = torch.tensor(target)
    assert torch.equal(weighted_mean(RATING, rows), rows.mean())
    assert relative_weight(RATING, rows, rows.mean()).tolist() == [1.0] * len(target)


@pytest.mark.parametrize("step", [-1e-3, 1e-3])
@given(target=MIXED)
def test_no_other_score_has_a_lower_loss_over_rows(step: float, target: list[float]) -> None:
    rows = column(*target)
    for task in (RATING, CLICK):
        mean = weighted_mean(task, rows)
        assert loss_of(task, mean, rows) < loss_of(task, mean + step, rows)


@pytest.mark.parametrize("target", [0.0, 1.0])
def test_rows_of_one_class_have_their_own_mean(target: float) -> None:
    assert weighted_mean(CLICK, torch.full((7,), target)).item() == target
