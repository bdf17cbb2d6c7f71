"""AUC and cross-entropy of clicks: worked by hand, counted in pairs, and as the learners' loss."""

import math
from collections.abc import Callable
from itertools import product

import polars as pl
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from pipeline_lib.metrics.clicks import auc, cross_entropy
from pipeline_lib.metrics.loss import row_loss
from pipeline_lib.settings.task import ClickTask

CLICK = ClickTask()
Rows = list[tuple[int, float]]

# Few scores, so that most draws have ties; a grid, so that maps keep them apart.
ROWS = st.lists(st.tuples(st.integers(0, 1), st.integers(-8, 8).map(lambda x: x / 4)), min_size=2)
MAPS: dict[str, Callable[[float], float]] = {
    "line": lambda x: 3 * x - 7,
    "cube": lambda x: x**3,
    "exp": math.exp,
    "atan": math.atan,
}


def frame(rows: Rows) -> pl.DataFrame:
    return pl.DataFrame(rows, {"target": pl.Float64, "score": pl.Float64}, orient="row")


def losses(rows: Rows, task: ClickTask = CLICK) -> list[float]:
    values: list[float] = frame(rows).select(cross_entropy(task)).to_series().to_list()
    return values


class TestAUC:
    def test_hand_worked_order(self) -> None:
        """Of the six pairs of a click and another row, four are in order and one is tied."""
        assert auc(frame([(1, 0.9), (0, 0.1), (0, 0.5), (1, 0.5), (0, 0.7)])) == 4.5 / 6

    def test_best_worst_and_constant(self) -> None:
        assert auc(frame([(0, 0.1), (0, 0.2), (1, 0.3)])) == 1
        assert auc(frame([(0, 0.3), (0, 0.2), (1, 0.1)])) == 0
        assert auc(frame([(0, 0.5), (0, 0.5), (1, 0.5)])) == 0.5

    @pytest.mark.parametrize("target", [0, 1])
    def test_one_class_has_none(self, target: int) -> None:
        assert auc(frame([(target, 0.1), (target, 0.9)])) is None

    def test_scores_need_not_be_probabilities(self) -> None:
        assert auc(frame([(0, -3.0), (1, 7.0), (0, 2.0)])) == 1

    @given(rows=ROWS)
    def test_is_the_share_of_pairs_in_order_and_scikit_learns(self, rows: Rows) -> None:
        clicked, other = ([score for t, score in rows if t == target] for target in (1, 0))
        assume(clicked and other)
        pairs = [(x > y) + 0.5 * (x == y) for x, y in product(clicked, other)]
        value = auc(frame(rows))
        assert value == pytest.approx(sum(pairs) / len(pairs), rel=1e-12)
        assert value == roc_auc_score(*zip(*rows, strict=True))

    @pytest.mark.parametrize("name", MAPS)
    @given(rows=ROWS)
    def test_rising_maps_change_nothing(self, name: str, rows: Rows) -> None:
        assert auc(frame([(t, MAPS[name](score)) for t, score in rows])) == auc(frame(rows))

    @given(rows=ROWS)
    def test_the_order_turned_round_gives_the_rest(self, rows: Rows) -> None:
        value, turned = auc(frame(rows)), auc(frame([(t, -score) for t, score in rows]))
        assert (value is None) == (turned is None)
        if value is not None and turned is not None:
            assert value + turned == pytest.approx(1, rel=1e-12)


class TestCrossEntropy:
    def test_hand_worked_rows(self) -> None:
        """A click weighs 0.9, none 0.1: -0.9 ln 1/4 and -0.1 ln (1 - 1/4)."""
        expected = [0.9 * math.log(4), 0.1 * math.log(4 / 3)]
        assert losses([(1, 0.25), (0, 0.25)]) == pytest.approx(expected, rel=1e-12)

    def test_weights_are_those_of_the_task(self) -> None:
        task = ClickTask(clicked_weight=3, other_weight=0.5)
        expected = [3 * math.log(2), 0.5 * math.log(2)]
        assert losses([(1, 0.5), (0, 0.5)], task) == pytest.approx(expected, rel=1e-12)

    def test_what_is_sure_or_no_probability_counts_as_all_but_sure(self) -> None:
        worst, best = -math.log(1e-7), -math.log1p(-1e-7)
        rows = [(1, 0.0), (1, -5.0), (1, 1.0), (1, 9.0), (0, 0.0), (0, -5.0), (0, 1.0), (0, 9.0)]
        expected = [0.9 * worst] * 2 + [0.9 * best] * 2 + [0.1 * best] * 2 + [0.1 * worst] * 2
        assert losses(rows) == pytest.approx(expected, rel=1e-6)

    @given(
        rows=st.lists(st.tuples(st.integers(0, 1), st.floats(-0.5, 1.5)), min_size=1),
        weights=st.tuples(*[st.floats(0.01, 10)] * 2),
    )
    def test_is_the_loss_that_learners_have(self, rows: Rows, weights: tuple[float, float]) -> None:
        task = ClickTask(clicked_weight=weights[0], other_weight=weights[1])
        target, score = torch.tensor(rows, dtype=torch.float64).T
        expected = row_loss(task, score, target).tolist()
        assert losses(rows, task) == pytest.approx(expected, rel=1e-12)
        assert min(expected) > 0
