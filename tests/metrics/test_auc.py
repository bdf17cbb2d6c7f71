"""AUC: worked by hand, counted in pairs, and as users contribute to it."""

import math
from collections.abc import Callable
from itertools import product

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from pipeline_lib.metrics.ranking import auc_contributions, user_auc

Rows = list[tuple[int, float]]

# Few scores, so that most draws have ties; a grid, so that maps keep them apart.
ROWS = st.lists(st.tuples(st.integers(0, 1), st.integers(-8, 8).map(lambda x: x / 4)), min_size=2)
MAPS: list[Callable[[float], float]] = [
    lambda x: 3 * x - 7,
    lambda x: x**3,
    math.exp,
    math.atan,
]


def frame(rows: Rows) -> pl.DataFrame:
    return pl.DataFrame(rows, {"target": pl.Float64, "score": pl.Float64}, orient="row")


def auc(rows: pl.DataFrame) -> float | None:
    """Take the area of all rows, one user's, who is named by the row's place modulo three."""
    users = rows.with_columns((pl.int_range(pl.len()) % 3).alias("user"))
    area = auc_contributions(users)["value"].mean()
    assert area is None or isinstance(area, float)
    (own,) = user_auc(rows.with_columns(user=0))["value"]
    assert own == (area if area is None else pytest.approx(area, rel=1e-12))
    return area


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
        assert value == pytest.approx(roc_auc_score(*zip(*rows, strict=True)), rel=1e-12)

    @given(rows=ROWS, rising=st.sampled_from(MAPS))
    def test_rising_maps_change_nothing(self, rows: Rows, rising: Callable[[float], float]) -> None:
        mapped = auc(frame([(t, rising(score)) for t, score in rows]))
        assert mapped == auc(frame(rows))

    @given(rows=ROWS)
    def test_the_order_turned_round_gives_the_rest(self, rows: Rows) -> None:
        value, turned = auc(frame(rows)), auc(frame([(t, -score) for t, score in rows]))
        assert (value is None) == (turned is None)
        if value is not None and turned is not None:
            assert value + turned == pytest.approx(1, rel=1e-12)


class TestUsers:
    """Users 0, 1, 2 in a log of clicks and other rows."""

    ROWS = pl.DataFrame(
        [(0, 1, 0.9), (0, 0, 0.5), (1, 1, 0.5), (1, 0, 0.7), (1, 0, 0.5), (2, 0, 0.1)],
        {"user": pl.Int64, "target": pl.Float64, "score": pl.Float64},
        orient="row",
    )

    def test_own_auc_by_hand(self) -> None:
        """User 1's click is tied with one row and below the other; user 2 has no click."""
        assert user_auc(self.ROWS)["value"].to_list() == [1.0, 0.25, None]

    def test_contributions_by_hand(self) -> None:
        """The clicks are above 4 and 2 of 4 rows; the rows below 1.5, 1, 1.5 and 2 of 2 clicks.

        A user's contribution is the area, 3/4, plus 3 users times what the user's rows add to it.
        """
        clicks, others = [1.0, 0.5], [0.75, 0.5, 0.75, 1.0]
        area = sum(clicks) / 2
        assert area == sum(others) / 4 == 0.75
        shares = [
            (clicks[0] - area) / 2 + (others[0] - area) / 4,
            (clicks[1] - area) / 2 + (others[1] - area + others[2] - area) / 4,
            (others[3] - area) / 4,
        ]
        expected = [area + 3 * share for share in shares]
        assert auc_contributions(self.ROWS)["value"].to_list() == pytest.approx(expected)

    def test_contributions_have_the_areas_standard_error(self) -> None:
        """The spread of the area over new logs of users of mixed sizes and habits."""
        random = np.random.default_rng(3)
        areas, errors = zip(*(self._area_and_error(random) for _ in range(300)), strict=True)
        assert np.mean(errors) == pytest.approx(np.std(areas), rel=0.1)

    def _area_and_error(self, random: np.random.Generator) -> tuple[float, float]:
        sizes = random.integers(2, 12, size=60)
        user = np.repeat(np.arange(60), sizes)
        habit = np.repeat(random.normal(size=60), sizes)
        target = (random.random(len(user)) < 1 / (1 + np.exp(1 - habit))).astype(float)
        score = target + 2 * habit + random.normal(size=len(user))
        rows = pl.DataFrame({"user": user, "target": target, "score": score})
        own = auc_contributions(rows)["value"].to_numpy()
        return own.mean(), own.std(ddof=1) / np.sqrt(len(own))
