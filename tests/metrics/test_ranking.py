"""nDCG: hand-worked values, scikit-learn, and the expectation over random orders."""

import math
from collections.abc import Sequence
from itertools import permutations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from pipeline_lib.metrics.ranking import linear_gain, user_ndcg
from pipeline_lib.settings.task import LARGEST

Rows = list[tuple[int, float]]

# Few ratings and fewer scores, so that most draws have ties in both.
USER = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from([-1.0, -0.0, 0.0, 0.5, 2.0])),
    min_size=2,
    max_size=9,
)


def frame(users: Sequence[Rows]) -> pl.DataFrame:
    rows = [(user, t, score) for user, rows in enumerate(users) for t, score in rows]
    schema = {"user": pl.Int64, "target": pl.Float64, "score": pl.Float64}
    return pl.DataFrame(rows, schema, orient="row")


def ndcg(rows: Rows, k: int) -> float | None:
    (value,) = user_ndcg(frame([rows]), k)["value"]
    assert value is None or isinstance(value, float)
    return value


def dcg(targets: Sequence[int], k: int) -> float:
    return sum((2.0**t - 1) / math.log2(rank + 2) for rank, t in enumerate(targets[:k]))


def expected(rows: Rows, k: int) -> float:
    orders = [sorted(order, key=lambda row: -row[1]) for order in permutations(rows)]
    ideal = dcg(sorted((t for t, _ in rows), reverse=True), k)
    return sum(dcg([t for t, _ in order], k) for order in orders) / len(orders) / ideal


def test_hand_worked_order() -> None:
    rows = [(3, 0.1), (2, 0.5), (1, 0.9)]
    discount = 1 / math.log2(3)
    assert ndcg(rows, 2) == pytest.approx((1 + 3 * discount) / (7 + 3 * discount))
    assert ndcg(rows, 3) == pytest.approx((1 + 3 * discount + 3.5) / (7 + 3 * discount + 0.5))


def test_hand_worked_order_with_the_gain_r() -> None:
    rows = frame([[(3, 0.1), (2, 0.5), (1, 0.9)]])
    discount = 1 / math.log2(3)
    (value,) = user_ndcg(rows, 2, gain=linear_gain(1))["value"]
    assert value == pytest.approx((1 + 2 * discount) / (3 + 2 * discount))
    (alike,) = user_ndcg(rows.with_columns(score=0.5), 2, gain=linear_gain(1))["value"]
    assert alike == pytest.approx((2 + 2 * discount) / (3 + 2 * discount))


def test_ratings_below_0_gain_what_they_are_above_the_lowest() -> None:
    targets = [(-3, 0.3), (0, 0.9), (2, 0.1)]
    low = user_ndcg(frame([targets]), 3, gain=linear_gain(-3))
    moved = user_ndcg(frame([[(t + 3, s) for t, s in targets]]), 3, gain=linear_gain(0))
    assert low["value"].to_list() == moved["value"].to_list()


def test_best_order_scores_one_and_worst_less() -> None:
    targets = (5, 4, 4, 1)
    assert ndcg([(t, float(t)) for t in targets], 3) == 1
    assert ndcg([(t, -float(t)) for t in targets], 3) == pytest.approx(
        dcg([1, 4, 4, 5], 3) / dcg(targets, 3)
    )


def test_tied_scores_share_their_ranks() -> None:
    shared = (7 + 1) / 2
    discount = 1 / math.log2(3)
    assert ndcg([(3, 0.5), (1, 0.5)], 1) == pytest.approx(shared / 7)
    assert ndcg([(3, 0.5), (1, 0.5)], 2) == pytest.approx(
        (shared + shared * discount) / (7 + discount)
    )


@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize(
    "scores",
    [(0.5,) * 5, (0.9, 0.9, 0.2, 0.2, 0.2), (0.1, 0.7, 0.7, 0.7, 0.9)],
    ids=["constant", "two groups", "middle"],
)
def test_ties_give_the_mean_over_all_permutations(scores: tuple[float, ...], k: int) -> None:
    rows = list(zip((5, 1, 3, 3, 2), scores, strict=True))
    assert ndcg(rows, k) == pytest.approx(expected(rows, k))


def test_fewer_than_k_rows_rank_those_there_are() -> None:
    rows = [(4, 0.2), (5, 0.1), (1, 0.9)]
    assert ndcg(rows, 5) == ndcg(rows, 3)


def test_one_row_or_no_gain_cannot_be_ranked() -> None:
    result = user_ndcg(frame([[(5, 0.3)], [(0, 0.3), (0, 0.7)], [(1, 0.7), (0, 0.3)]]), 3)
    assert result["value"].to_list() == [None, None, 1]


def test_users_come_sorted_whatever_the_order_of_rows() -> None:
    rows = frame([[(5, 0.1), (3, 0.4), (1, 0.4)], [(2, 0.3), (4, 0.2)], [(1, 0.6), (2, 0.6)]])
    shuffled = user_ndcg(rows.sample(fraction=1, shuffle=True, seed=5), 2)
    assert shuffled["user"].to_list() == [0, 1, 2]
    assert shuffled["value"].to_list() == pytest.approx(user_ndcg(rows, 2)["value"].to_list())


@given(users=st.lists(USER, min_size=1, max_size=4), k=st.integers(1, 6))
def test_agrees_with_scikit_learn(users: list[Rows], k: int) -> None:
    exponential, linear = (
        user_ndcg(frame(users), k),
        user_ndcg(frame(users), k, gain=linear_gain(0)),
    )
    for own, other, rows in zip(exponential["value"], linear["value"], users, strict=True):
        targets, scores = zip(*rows, strict=True)
        for value, gains in ((own, [2**t - 1 for t in targets]), (other, targets)):
            if any(gains):
                assert value == pytest.approx(ndcg_score([gains], [scores], k=k, ignore_ties=False))
            else:
                assert value is None


def test_gains_of_the_largest_rating_are_finite() -> None:
    """Settings refuse larger ones, whose gains 2^target overflow."""
    rows = pl.DataFrame(
        {"user": ["u"] * 3, "target": [LARGEST, 1.0, 0.0], "score": [1.0, 3.0, 2.0]}
    )
    found = user_ndcg(rows, 3)["value"].item()
    assert found == pytest.approx(1 / math.log2(4), rel=1e-12)
