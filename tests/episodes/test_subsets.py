"""Fewer users and fewer support rows: who and which, by names and a seed alone."""

from collections.abc import Sequence
from itertools import pairwise

import polars as pl
import torch
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.episodes.format import Episodes, Ragged, Rows
from pipeline_lib.episodes.subsets import (
    choose_users,
    deal_rows,
    draw_ranks,
    limit_support,
    take_users,
)
from pipeline_lib.partition.parts import assign_parts
from pipeline_lib.settings.partition import Partition

ITEMS = pl.Series([f"i{number}" for number in range(9)])


def ragged(lengths: Sequence[int]) -> Ragged:
    return Ragged(torch.tensor([0, *lengths]).cumsum(0))


def make_rows(items: Sequence[Sequence[int]]) -> Rows:
    """One list of items a user; a row's target is its number."""
    flat = [item for user in items for item in user]
    offsets = ragged([len(user) for user in items])
    return Rows(offsets, torch.tensor(flat, dtype=torch.int64), torch.arange(len(flat)) + 0.5)


def make_episodes(support: Sequence[Sequence[int]], query: Sequence[Sequence[int]]) -> Episodes:
    users = torch.arange(len(support))
    codes = users[:, None] * torch.tensor([1, 2])
    return Episodes(3 * users, codes, codes + 0.25, make_rows(support), make_rows(query))


def names(users: int) -> pl.Series:
    return pl.Series([f"u{number}" for number in range(users)])


def listed(rows: Rows) -> list[list[tuple[int, float]]]:
    """Each user's items and targets."""
    offsets, pairs = rows.users.offsets.tolist(), zip(rows.item, rows.target, strict=True)
    flat = [(int(item), float(target)) for item, target in pairs]
    assert offsets[0] == 0
    assert offsets[-1] == len(flat)
    return [flat[a:b] for a, b in pairwise(offsets)]


def kept_items(episodes: Episodes, users: pl.Series, most: int, seed: int = 0) -> list[list[int]]:
    """The items of each user's rows that a limit leaves."""
    ranks = draw_ranks(episodes.support, users, ITEMS, seed)
    support = limit_support(episodes, ranks, most).support
    return [[item for item, _ in user] for user in listed(support)]


item_sets = st.lists(
    st.lists(st.integers(0, len(ITEMS) - 1), unique=True, max_size=len(ITEMS)),
    min_size=1,
    max_size=6,
)


@given(support=item_sets, most=st.integers(0, 10))
def test_a_limit_keeps_the_lowest_ranks_in_order_and_nothing_else_changes(
    support: list[list[int]], most: int
) -> None:
    episodes = make_episodes(support, [[1]] * len(support))
    ranks = draw_ranks(episodes.support, names(len(support)), ITEMS, 0)
    offsets = episodes.support.users.offsets.tolist()
    spans = pairwise(offsets)
    of_users = [ranks[start:stop].tolist() for start, stop in spans]
    assert [sorted(r) for r in of_users] == [[*range(len(items))] for items in support]
    expected = [
        [row for row, rank in zip(user, own, strict=True) if rank < most]
        for user, own in zip(listed(episodes.support), of_users, strict=True)
    ]
    limited = limit_support(episodes, ranks, most)
    assert listed(limited.support) == expected
    assert [len(user) for user in expected] == [min(most, len(user)) for user in support]
    for part in ("user", "codes", "values", "query"):
        assert getattr(limited, part) is getattr(episodes, part)


@given(support=item_sets)
def test_fewer_rows_are_among_more(support: list[list[int]]) -> None:
    episodes = make_episodes(support, [[0]] * len(support))
    kept = [kept_items(episodes, names(len(support)), most) for most in (0, 1, 2, 4, 9)]
    for fewer, more in pairwise(kept):
        assert all({*few} <= {*many} for few, many in zip(fewer, more, strict=True))
    assert kept[-1] == support


@given(support=item_sets, data=st.data())
def test_a_users_rows_do_not_depend_on_the_other_users_or_their_order(
    support: list[list[int]], data: st.DataObject
) -> None:
    users = names(len(support))
    everyone = data.draw(st.permutations(range(len(support))))
    chosen = everyone[: data.draw(st.integers(1, len(everyone)))]
    all_users = kept_items(make_episodes(support, [[0]] * len(support)), users, 2)
    own = make_episodes([support[user] for user in chosen], [[0]] * len(chosen))
    assert kept_items(own, users[chosen], 2) == [all_users[user] for user in chosen]


def test_which_of_two_rows_comes_first_does_not_depend_on_a_third() -> None:
    users, both = names(300), [[2, 5]] * 300
    first = kept_items(make_episodes(both, both), users, 1)
    three = draw_ranks(make_rows([[2, 4, 5]] * 300), users, ITEMS, 0).view(300, 3)
    assert first == [[2] if a < b else [5] for a, _, b in three.tolist()]


def test_every_row_is_as_likely_whatever_its_user() -> None:
    """Of 3,000 users a sixth keep each of the six pairs; five deviations are 102."""
    support = [[1, 3, 5, 7]] * 3000
    kept = kept_items(make_episodes(support, support), names(3000), 2)
    pairs = [(a, b) for a in (1, 3, 5, 7) for b in (1, 3, 5, 7) if a < b]
    counts = [kept.count([*pair]) for pair in pairs]
    assert sum(counts) == 3000
    assert all(abs(count - 500) < 102 for count in counts), counts


def test_another_seed_keeps_other_rows() -> None:
    episodes = make_episodes([[1, 3, 5, 7]] * 50, [[0]] * 50)
    assert kept_items(episodes, names(50), 1, seed=1) != kept_items(episodes, names(50), 1, seed=0)


@given(support=item_sets, data=st.data())
def test_taking_users_takes_all_that_is_theirs(
    support: list[list[int]], data: st.DataObject
) -> None:
    query = [[(item + 1) % len(ITEMS) for item in user] + [0] for user in support]
    episodes = make_episodes(support, query)
    chosen = data.draw(st.lists(st.integers(0, len(support) - 1), unique=True))
    taken = take_users(episodes, torch.tensor(chosen, dtype=torch.int64))
    for part in ("support", "query"):
        everyone = listed(getattr(episodes, part))
        assert listed(getattr(taken, part)) == [everyone[user] for user in chosen]
    assert taken.user.tolist() == [3 * user for user in chosen]
    assert taken.codes.tolist() == [[user, 2 * user] for user in chosen]
    assert taken.values.tolist() == [[user + 0.25, 2 * user + 0.25] for user in chosen]


@given(most=st.integers(0, 30), seed=st.integers(0, 5))
def test_users_are_chosen_by_their_names_alone(most: int, seed: int) -> None:
    users = names(20)
    chosen = choose_users(users, most, seed).tolist()
    assert len(chosen) == min(most, 20)
    assert chosen == sorted({*chosen})
    other_way = choose_users(users.reverse(), most, seed)
    assert {*users.reverse()[other_way.tolist()]} == {*users[chosen]}
    assert {*chosen} <= {*choose_users(users, most + 1, seed).tolist()}


def test_another_seed_chooses_other_users() -> None:
    assert choose_users(names(99), 9, 0).tolist() != choose_users(names(99), 9, 1).tolist()


def test_every_user_is_as_likely() -> None:
    """Of 400 draws of 5 of 20 users each is in 100; five deviations are 43."""
    drawn = torch.cat([choose_users(names(20), 5, seed) for seed in range(400)])
    assert all(abs(int(count) - 100) < 43 for count in drawn.bincount(minlength=20))


rows_of_users = st.lists(
    st.tuples(st.lists(st.integers(0, 8), max_size=6), st.lists(st.integers(0, 8), max_size=6)),
    min_size=1,
    max_size=5,
)


@given(users=rows_of_users, low=st.floats(0.05, 0.95), seed=st.integers(0, 5))
def test_rows_dealt_anew_stay_with_their_users(
    users: list[tuple[list[int], list[int]]], low: float, seed: int
) -> None:
    support, query = zip(*users, strict=True)
    episodes = make_episodes(support, query)
    dealt = deal_rows(episodes, (low, 0.95), None, seed)
    before = [listed(rows) for rows in (episodes.support, episodes.query)]
    after = [listed(rows) for rows in (dealt.support, dealt.query)]
    for place in range(len(users)):
        own = sorted(before[0][place] + before[1][place])
        left, right = after[0][place], after[1][place]
        assert sorted(left + right) == own
        if len(own) > 1:
            assert left
            assert right
            least, most = low * len(own) - 0.5, 0.95 * len(own) + 0.5
            assert min(least, len(own) - 1) <= len(left) <= max(most, 1)
        else:
            assert not left
    assert torch.equal(dealt.codes, episodes.codes)
    again = deal_rows(episodes, (low, 0.95), None, seed)
    assert [listed(rows) for rows in (again.support, again.query)] == after


def test_four_fifths_dealt_anew_are_as_many_rows_as_the_split_has_in_support() -> None:
    """For every number of rows from 2 to 300: the paper's 80:20, whichever way it is dealt."""
    counts = range(2, 301)
    episodes = make_episodes([[0] * count for count in counts], [[]] * len(counts))
    anew = deal_rows(episodes, (0.8, 0.8), None, seed=5)
    rows = [(f"u{count}", f"i{item}") for count in counts for item in range(count)]
    frame = pl.DataFrame(rows, ["user", "item"], orient="row")
    split = assign_parts(frame, Partition(query_share=0.2), seed=5)
    query = split.group_by("user", maintain_order=True).agg((pl.col("part") == "query").sum())
    assert anew.query.users.offsets.diff().tolist() == query["part"].to_list()
    assert anew.support.users.offsets.diff().tolist() == (
        (torch.tensor(counts) - anew.query.users.offsets.diff()).tolist()
    )


@given(rows=st.lists(st.integers(0, 9), min_size=1, max_size=5), limit=st.integers(2, 5))
def test_of_a_user_with_more_rows_as_many_as_the_limit_are_dealt(
    rows: list[int], limit: int
) -> None:
    episodes = make_episodes([range(n) for n in rows], [range(50, 51) for _ in rows])
    dealt = deal_rows(episodes, (0.5, 0.8), limit, seed=3)
    after = zip(listed(dealt.support), listed(dealt.query), strict=True)
    for user, (support, query) in enumerate(after):
        own = [*support, *query]
        assert len(own) == len({*own}) == min(rows[user] + 1, limit)
        assert {item for item, _ in own} <= {*range(rows[user]), 50}
        assert len(query) >= 1
        assert len(support) >= 1 or rows[user] == 0


def test_which_rows_are_within_the_limit_is_drawn_anew() -> None:
    episodes = make_episodes([range(100)], [range(100, 120)])
    dealt = [deal_rows(episodes, (0.5, 0.8), 10, seed) for seed in (0, 1)]
    first, other = ({*listed(d.support)[0], *listed(d.query)[0]} for d in dealt)
    assert len(first) == len(other) == 10
    assert first != other


def test_another_seed_deals_others() -> None:
    episodes = make_episodes([range(30)], [range(30, 40)])
    first, other = (listed(deal_rows(episodes, (0.5, 0.5), None, seed).support) for seed in (0, 1))
    assert len(first[0]) == len(other[0]) == 20
    assert sorted(first[0]) != sorted(other[0])


def test_owners_are_the_users_of_all_rows() -> None:
    episodes = make_episodes([[4, 5], [], [6]], [[7], [8, 8], []])
    assert episodes.owners().tolist() == [0, 0, 2, 0, 1, 1]
    assert episodes.all_rows()[0].tolist() == [4, 5, 6, 7, 8, 8]
