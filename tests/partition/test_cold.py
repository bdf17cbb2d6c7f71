"""Cold users: the share with fewest interactions, then those with enough of them."""

from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.partition.cold import cold_users
from pipeline_lib.partition.shares import exact


def interactions(counts: dict[str, int]) -> pl.DataFrame:
    pairs = [(user, str(item)) for user, count in counts.items() for item in range(count)]
    return pl.DataFrame(pairs, schema=["user", "item"], orient="row")


def test_the_users_with_fewest_interactions_are_kept() -> None:
    counts = {"a": 5, "b": 2, "c": 9, "d": 3, "e": 7}
    assert cold_users(interactions(counts), 0.8, 2).to_list() == ["a", "b", "d", "e"]
    assert cold_users(interactions(counts), 0.6, 2).to_list() == ["a", "b", "d"]
    assert cold_users(interactions(counts), 1, 2).to_list() == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize(
    ("share", "users", "kept"),
    [(0.8, 6, 4), (0.8, 4, 3), (0.3, 10, 3), (0.29, 100, 29), (0.58, 50, 29), (0.8, 1, 0)],
)
def test_the_share_is_the_decimal_that_was_written_rounded_down(
    share: float, users: int, kept: int
) -> None:
    counts = {str(user): 2 for user in range(users)}
    assert len(cold_users(interactions(counts), share, 2)) == kept


def test_ties_are_broken_by_name() -> None:
    counts = {"d": 3, "b": 3, "a": 3, "c": 3, "10": 3}
    assert cold_users(interactions(counts), 0.6, 2).to_list() == ["10", "a", "b"]


def test_users_with_too_few_interactions_take_their_place_in_the_share() -> None:
    counts = {"a": 1, "b": 1, "c": 2, "d": 3, "e": 4}
    assert cold_users(interactions(counts), 0.6, 2).to_list() == ["c"]
    assert cold_users(interactions(counts), 0.8, 3).to_list() == ["d"]


@given(
    counts=st.dictionaries(st.text("abc", min_size=1), st.integers(1, 6), min_size=1),
    share=st.sampled_from([0.3, 0.5, 0.8, 1]),
    fewest=st.integers(2, 4),
    data=st.data(),
)
def test_nobody_left_out_is_colder_than_somebody_kept(
    counts: dict[str, int], share: float, fewest: int, data: st.DataObject
) -> None:
    frame = interactions(counts)
    kept = cold_users(frame, share, fewest).to_list()
    ranked = sorted(counts, key=lambda user: (counts[user], user))
    coldest = ranked[: int(exact(share) * len(counts))]
    assert kept == sorted(user for user in coldest if counts[user] >= fewest)
    order = data.draw(st.permutations(range(frame.height)))
    assert cold_users(frame[order], share, fewest).to_list() == kept


def test_a_share_is_read_as_written() -> None:
    assert exact(0.3) == Fraction(3, 10)
    assert exact(1) == 1
    assert exact(5e-05) == Fraction(1, 20000)
