"""Recall, Hit and MRR: by hand, and as the expectation over random orders of equal scores."""

from collections.abc import Callable, Sequence
from itertools import permutations
from statistics import fmean

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.metrics.ranking import user_hit, user_ndcg, user_recall, user_reciprocal_rank

Rows = list[tuple[int, float]]
Values = list[float | None]

# Few scores, so that most draws have ties.
USER = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from([-1.0, -0.0, 0.0, 2.0])), min_size=1, max_size=6
)


def frame(users: Sequence[Rows]) -> pl.DataFrame:
    rows = [(user, t, score) for user, rows in enumerate(users) for t, score in rows]
    schema = {"user": pl.Int64, "target": pl.Float64, "score": pl.Float64}
    return pl.DataFrame(rows, schema, orient="row")


def recall(clicks: Sequence[int], k: int) -> float:
    return sum(clicks[:k]) / sum(clicks)


def hit(clicks: Sequence[int], k: int) -> float:
    return float(any(clicks[:k]))


def reciprocal_rank(clicks: Sequence[int], _: int) -> float:
    return 1 / (1 + clicks.index(1))


def expected(rows: Rows, k: int, of: Callable[[Sequence[int], int], float]) -> float | None:
    """Return the mean over all orders of the rows that their scores allow."""
    if len(rows) < 2 or not any(clicked for clicked, _ in rows):
        return None
    orders = [sorted(order, key=lambda row: -row[1]) for order in permutations(rows)]
    return fmean(of([clicked for clicked, _ in order], k) for order in orders)


def test_hand_worked_order() -> None:
    """Clicks are the second and the fourth of five."""
    rows = frame([[(0, 0.9), (1, 0.8), (0, 0.7), (1, 0.6), (0, 0.5)]])
    assert [user_recall(rows, k)["value"].item() for k in range(1, 6)] == [0, 0.5, 0.5, 1, 1]
    assert [user_hit(rows, k)["value"].item() for k in range(1, 4)] == [0, 1, 1]
    assert user_reciprocal_rank(rows)["value"].item() == 0.5


def test_hand_worked_ties() -> None:
    """One row leads; two clicks and one other share the ranks 2 to 4.

    The first of the three is a click in two orders of three, else the second is: 1/2 · 2/3 + 1/3 ·
    1/3. The mean of the rank itself would give 1 / (2 + 1/3).
    """
    rows = frame([[(0, 0.9), (1, 0.5), (0, 0.5), (1, 0.5)]])
    assert user_reciprocal_rank(rows)["value"].item() == pytest.approx(4 / 9)
    assert user_hit(rows, 2)["value"].item() == pytest.approx(2 / 3)
    assert user_hit(rows, 3)["value"].item() == pytest.approx(1)
    assert user_recall(rows, 2)["value"].item() == pytest.approx(1 / 3)


def test_leave_one_out_by_one_score_has_what_chance_has() -> None:
    """One click among 100 candidates: 10 of 100 orders hit at 10, and H(100) / 100 is the MRR."""
    rows = frame([[(int(n == 7), 0.25) for n in range(100)]])
    harmonic = sum(1 / rank for rank in range(1, 101))
    assert user_hit(rows, 10)["value"].item() == pytest.approx(0.1)
    assert user_recall(rows, 10)["value"].item() == pytest.approx(0.1)
    assert user_reciprocal_rank(rows)["value"].item() == pytest.approx(harmonic / 100)


def test_users_without_a_click_or_with_a_single_row_have_none() -> None:
    rows = frame([[(0, 0.9), (0, 0.1)], [(1, 0.9)], [(1, 0.1), (0, 0.9)]])
    for values, last in (
        (user_recall(rows, 1), 0),
        (user_hit(rows, 2), 1),
        (user_reciprocal_rank(rows), 0.5),
    ):
        assert values["user"].to_list() == [0, 1, 2]
        assert values["value"].to_list() == [None, None, last]


@given(users=st.lists(USER, min_size=1, max_size=3), k=st.integers(1, 7))
def test_is_the_mean_over_all_orders(users: list[Rows], k: int) -> None:
    rows = frame(users)
    for found, of in (
        (user_recall(rows, k), recall),
        (user_hit(rows, k), hit),
        (user_reciprocal_rank(rows), reciprocal_rank),
    ):
        for value, own in zip(found["value"], users, strict=True):
            wanted = expected(own, k, of)
            assert value == (wanted if wanted is None else pytest.approx(wanted, rel=1e-12))


@given(users=st.lists(USER, min_size=1, max_size=3), k=st.integers(1, 7))
def test_all_are_of_the_same_users_and_rise_with_k(users: list[Rows], k: int) -> None:
    rows = frame(users)
    lacking = [value is None for value in user_ndcg(rows, k)["value"]]
    for of in (user_recall, user_hit):
        own, more = (of(rows, first)["value"].to_list() for first in (k, k + 1))
        assert [value is None for value in own] == lacking
        assert all(x <= y + 1e-12 for x, y in zip(own, more, strict=True) if x is not None)
    assert [value is None for value in user_reciprocal_rank(rows)["value"]] == lacking
