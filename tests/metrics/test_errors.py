"""Cross-entropy of clicks: worked by hand, and as the learners' loss."""

import math

import polars as pl
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import nll_loss

from pipeline_lib.metrics.errors import best_score, cross_entropy, squared_error, true_class
from pipeline_lib.metrics.loss import row_loss
from pipeline_lib.settings.task import ClickTask, RatingTask

CLICK, RATING = ClickTask(), RatingTask(scale=(1, 5))
Rows = list[tuple[int, float]]


def losses(rows: Rows, task: ClickTask = CLICK) -> list[float]:
    frame = pl.DataFrame(rows, {"target": pl.Float64, "score": pl.Float64}, orient="row")
    values: list[float] = frame.select(cross_entropy(task)).to_series().to_list()
    return values


def test_hand_worked_rows() -> None:
    """A click weighs 0.9, none 0.1: -0.9 ln 1/4 and -0.1 ln (1 - 1/4)."""
    expected = [0.9 * math.log(4), 0.1 * math.log(4 / 3)]
    assert losses([(1, 0.25), (0, 0.25)]) == pytest.approx(expected, rel=1e-12)


def test_weights_are_those_of_the_task() -> None:
    task = ClickTask(clicked_weight=3, other_weight=0.5)
    expected = [3 * math.log(2), 0.5 * math.log(2)]
    assert losses([(1, 0.5), (0, 0.5)], task) == pytest.approx(expected, rel=1e-12)


def test_what_is_sure_or_no_probability_counts_as_all_but_sure() -> None:
    worst, best = -math.log(1e-7), -math.log1p(-1e-7)
    rows = [(1, 0.0), (1, -5.0), (1, 1.0), (1, 9.0), (0, 0.0), (0, -5.0), (0, 1.0), (0, 9.0)]
    expected = [0.9 * worst] * 2 + [0.9 * best] * 2 + [0.1 * best] * 2 + [0.1 * worst] * 2
    assert losses(rows) == pytest.approx(expected, rel=1e-6)


@given(
    rows=st.lists(st.tuples(st.integers(0, 1), st.floats(-0.5, 1.5)), min_size=1),
    weights=st.tuples(*[st.floats(0.01, 10)] * 2),
)
def test_is_the_loss_that_learners_have(rows: Rows, weights: tuple[float, float]) -> None:
    task = ClickTask(clicked_weight=weights[0], other_weight=weights[1])
    target, score = torch.tensor(rows, dtype=torch.float64).T
    expected = row_loss(task, score, target).tolist()
    assert losses(rows, task) == pytest.approx(expected, rel=1e-12)
    assert min(expected) > 0


def test_ratings_have_none() -> None:
    with pytest.raises(TypeError, match="cross-entropy is of clicks, not of a rating"):
        cross_entropy(RATING)
    with pytest.raises(TypeError, match="true class is of clicks, not of a rating"):
        true_class(RATING)


def test_the_true_class_by_hand() -> None:
    """A click that was given 0.75, another row 0.25: both were given 0.75 to what happened."""
    frame = pl.DataFrame({"target": [1.0, 0.0, 1.0, 0.0], "score": [0.75, 0.25, 1.5, -0.5]})
    assert frame.select(true_class(CLICK)).to_series().to_list() == [-0.75, -0.75, -1, -1]


@given(rows=st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1)), min_size=1))
def test_the_true_class_is_what_nll_loss_makes_of_probabilities(rows: Rows) -> None:
    frame = pl.DataFrame(rows, {"target": pl.Float64, "score": pl.Float64}, orient="row")
    target, p = torch.tensor(rows, dtype=torch.float64).T
    expected = nll_loss(torch.stack([1 - p, p], 1), target.long()).item()
    assert frame.select(true_class(CLICK).mean()).item() == pytest.approx(expected, abs=1e-12)


def mean_of_users(rows: pl.DataFrame, loss: pl.Expr) -> float:
    means: list[float] = [own.select(loss.mean()).item() for own in rows.partition_by("user")]
    return sum(means) / len(means)


def test_the_best_score_counts_users_not_rows() -> None:
    """One user has three rows of 4, the other one row of 2: the mean of 4 and 2.

    Of clicks, three by one user and another row by the other: 0.9 / (0.9 + 0.1).
    """
    for task, targets, expected in (
        (RATING, [4.0, 4.0, 4.0, 2.0], 3),
        (CLICK, [1.0, 1.0, 1.0, 0.0], 0.9),
    ):
        frame = pl.DataFrame({"user": list("aaab"), "target": targets})
        assert frame.select(best_score(task)).item() == pytest.approx(expected)


@given(
    rows=st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 1)), min_size=1),
    weights=st.tuples(*[st.floats(0.01, 10)] * 2),
    other=st.floats(0, 1),
)
def test_no_other_score_for_all_has_a_smaller_mean_over_users(
    rows: list[tuple[str, int]], weights: tuple[float, float], other: float
) -> None:
    frame = pl.DataFrame(rows, {"user": pl.String, "target": pl.Float64}, orient="row")
    click = ClickTask(clicked_weight=weights[0], other_weight=weights[1])
    for task, loss in ((click, cross_entropy(click)), (RATING, squared_error(RATING))):
        best, any_ = (
            mean_of_users(frame.with_columns(score=score), loss)
            for score in (best_score(task), pl.lit(other))
        )
        assert best <= any_ * (1 + 1e-9) + 1e-9
