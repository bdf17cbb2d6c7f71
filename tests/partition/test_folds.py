"""Folds of users, and each user's support and query rows."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.partition.parts import assign_parts
from pipeline_lib.partition.rules import assign_folds
from pipeline_lib.schemas.columns import FOLDS
from pipeline_lib.settings.partition import FoldShares, Partition

PAPER = FoldShares(train=7, validation=1, test=2)
TEN = [str(user) for user in range(1, 11)]
# Users 1 to 10 by the key that `printf 0/<user> | b2sum -l 64` prints, read as little-endian.
BY_KEY = ["3", "8", "6", "5", "9", "10", "1", "7", "2", "4"]
PARTS = st.integers(1, 9)


def fold_members(users: list[str], shares: FoldShares = PAPER, seed: int = 0) -> list[list[str]]:
    folds = assign_folds(pl.Series(users, dtype=pl.String), shares, seed)
    return [folds.filter(pl.col("fold") == fold)["user"].to_list() for fold in FOLDS]


def fold_sizes(users: int, shares: FoldShares = PAPER) -> list[int]:
    return [len(members) for members in fold_members([str(user) for user in range(users)], shares)]


def rows_of(counts: dict[str, int]) -> pl.DataFrame:
    pairs = [(user, str(item)) for user, count in counts.items() for item in range(count)]
    return pl.DataFrame(pairs, schema={"user": pl.String, "item": pl.String}, orient="row")


def query(rows: pl.DataFrame, share: float = 0.2, seed: int = 0) -> list[tuple[str, str]]:
    parts = assign_parts(rows, Partition(query_share=share), seed)
    return sorted(parts.filter(pl.col("part") == "query").select("user", "item").rows())


def query_count(rows: int, share: float = 0.2) -> int:
    return len(query(rows_of({"a": rows}), share))


def test_folds_follow_the_users_keys() -> None:
    train, validation, test = fold_members(TEN)
    assert (train, validation, test) == (sorted(BY_KEY[:7]), [BY_KEY[7]], sorted(BY_KEY[8:]))


@pytest.mark.parametrize(
    ("users", "sizes"),
    [
        (10, [7, 1, 2]),
        (13, [9, 1, 3]),
        (20, [14, 2, 4]),
        (19, [13, 2, 4]),
        (101, [71, 10, 20]),
        (4832, [3382, 484, 966]),
        (1, [1, 0, 0]),
        (0, [0, 0, 0]),
    ],
)
def test_fold_sizes_are_the_papers_shares_rounded(users: int, sizes: list[int]) -> None:
    assert fold_sizes(users) == sizes


def test_fold_sizes_follow_other_shares() -> None:
    assert fold_sizes(10, FoldShares(train=1, validation=1, test=3)) == [2, 2, 6]
    assert fold_sizes(9, FoldShares(train=1, validation=1, test=1)) == [3, 3, 3]


@given(
    users=st.lists(st.text("abc", max_size=3), unique=True, max_size=25),
    shares=st.builds(FoldShares, train=PARTS, validation=PARTS, test=PARTS),
    seed=st.integers(0, 2**32),
    data=st.data(),
)
def test_each_user_is_in_one_fold_whatever_the_order(
    users: list[str], shares: FoldShares, seed: int, data: st.DataObject
) -> None:
    folds = fold_members(users, shares, seed)
    assert sorted(user for fold in folds for user in fold) == sorted(users)
    assert fold_members(data.draw(st.permutations(users)), shares, seed) == folds
    parts = [shares.train, shares.validation, shares.test]
    for members, part in zip(folds, parts, strict=True):
        assert abs(len(members) - part * len(users) / sum(parts)) <= 1


def test_folds_are_sorted_by_user() -> None:
    folds = assign_folds(pl.Series(["b", "c", "a"]), PAPER, 0)
    assert folds.columns == ["user", "fold"]
    assert folds["user"].to_list() == ["a", "b", "c"]


def test_over_many_seeds_every_user_is_in_each_fold_as_often_as_its_share() -> None:
    drawn = pl.concat(assign_folds(pl.Series(TEN), PAPER, seed) for seed in range(400))
    shares = drawn.group_by("user", "fold").agg(pl.len() / 400)
    for fold, share in zip(FOLDS, (0.7, 0.1, 0.2), strict=True):
        observed = shares.filter(pl.col("fold") == fold)["len"].to_list()
        assert observed == pytest.approx([share] * 10, abs=0.07)


@pytest.mark.parametrize(
    ("rows", "count"),
    [(2, 1), (3, 1), (4, 1), (5, 1), (7, 1), (8, 2), (10, 2), (12, 2), (13, 3), (20, 4), (253, 51)],
)
def test_query_has_a_fifth_of_the_rows_rounded(rows: int, count: int) -> None:
    assert query_count(rows) == count


@pytest.mark.parametrize(
    ("rows", "share", "count"),
    [(2, 0.01, 1), (50, 0.001, 1), (2, 0.99, 1), (10, 0.99, 9), (5, 0.5, 3), (7, 0.5, 4)],
)
def test_query_and_support_have_at_least_one_row(rows: int, share: float, count: int) -> None:
    assert query_count(rows, share) == count


@pytest.mark.parametrize(
    ("rows", "share", "count"), [(10, 0.25, 3), (50, 0.29, 15), (45, 0.7, 32), (90, 0.35, 32)]
)
def test_query_share_is_the_decimal_that_was_written_half_rounded_up(
    rows: int, share: float, count: int
) -> None:
    assert query_count(rows, share) == count


def test_query_rows_are_those_with_the_lowest_keys() -> None:
    """In the order of their combined keys user 1 has items 3 1 4 2 0 5, user 2 has 2 1 3 5 4 0."""
    one, two = [("1", "1"), ("1", "3"), ("1", "4")], [("2", "1"), ("2", "2"), ("2", "3")]
    assert query(rows_of({"1": 6, "2": 6}), 0.5) == one + two
    assert query(rows_of({"1": 6, "2": 6}), 0.1) == [("1", "3"), ("2", "2")]


counts_of_users = st.dictionaries(st.text("abc", min_size=1), st.integers(2, 9), min_size=1)


@given(
    counts=counts_of_users,
    share=st.sampled_from([0.1, 0.2, 0.5, 0.9]),
    seed=st.integers(0, 2**32),
    data=st.data(),
)
def test_every_row_is_in_one_part_whatever_the_order(
    counts: dict[str, int], share: float, seed: int, data: st.DataObject
) -> None:
    rows = rows_of(counts)
    parts = assign_parts(rows, Partition(query_share=share), seed)
    assert parts.columns == ["user", "item", "part"]
    assert parts.drop("part").equals(rows)
    assert set(parts["part"]) <= {"support", "query"}
    assert set(parts.group_by("user").agg(pl.col("part").n_unique())["part"]) == {2}
    order = data.draw(st.permutations(range(rows.height)))
    again = assign_parts(rows[order], Partition(query_share=share), seed)
    assert again.sort("user", "item").equals(parts.sort("user", "item"))


@given(counts=counts_of_users, seed=st.integers(0, 2**32), data=st.data())
def test_a_users_parts_do_not_depend_on_other_users(
    counts: dict[str, int], seed: int, data: st.DataObject
) -> None:
    user = data.draw(st.sampled_from(sorted(counts)))
    alone = query(rows_of({user: counts[user]}), seed=seed)
    assert [row for row in query(rows_of(counts), seed=seed) if row[0] == user] == alone


def test_two_users_of_the_same_items_have_other_query_rows() -> None:
    chosen = query(rows_of({str(user): 10 for user in range(200)}), 0.1)
    per_item = pl.Series([item for _, item in chosen]).value_counts()["count"]
    assert len(chosen) == 200
    assert len(per_item) == 10
    assert per_item.max() <= 35  # type: ignore[operator]  # 20 expected


def test_another_seed_gives_other_query_rows() -> None:
    rows = rows_of({"a": 50})
    assert query(rows, seed=0) != query(rows, seed=1)
