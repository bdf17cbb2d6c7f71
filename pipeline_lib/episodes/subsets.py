"""Episodes changed: some users of a fold, fewer support rows, rows dealt anew."""

from dataclasses import replace

import polars as pl
import torch
from torch import Tensor

from pipeline_lib.episodes.format import Episodes, Ragged, Rows
from pipeline_lib.seeds import combine_keys, hash_keys


def choose_users(names: pl.Series, most: int, seed: int) -> Tensor:
    """Choose at most `most` users at random; return their positions in order, [users] int64.

    Every name has a key that depends on that name and the seed alone; the lowest are chosen.
    """
    lowest = hash_keys(names, seed).arg_sort().head(most).sort()
    return torch.tensor(lowest.to_numpy(), dtype=torch.int64)


def take_users(episodes: Episodes, users: Tensor) -> Episodes:
    """Return the episodes of some users, [users] int64 positions in the fold."""
    return Episodes(
        episodes.user[users],
        episodes.codes[users],
        episodes.values[users],
        _take(episodes.support, users),
        _take(episodes.query, users),
    )


def draw_ranks(rows: Rows, users: pl.Series, items: pl.Series, seed: int) -> Tensor:
    """Return a random rank of every row among its user's, [rows] int64 from 0.

    users, items: names, in the fold's and the catalogue's order. Which of two rows comes first
    depends on the names of their user and items and on the seed alone.
    """
    _, owner, _ = rows.users.take(torch.arange(len(rows.users)))
    keys = combine_keys(
        hash_keys(users[owner.numpy()], seed), hash_keys(items[rows.item.numpy()], seed)
    )
    keyed = pl.DataFrame({"owner": owner.numpy(), "key": keys})
    ranks = keyed.select(pl.col("key").rank("ordinal").over("owner") - 1).to_series()
    return torch.tensor(ranks.to_numpy(), dtype=torch.int64)


def limit_support(episodes: Episodes, ranks: Tensor, most: int) -> Episodes:
    """Keep the support rows with a rank below `most`; ranks: [rows] int64.

    With the same ranks, fewer rows are always among more.
    """
    support, kept = episodes.support, ranks < most
    before = _sums(kept.long())
    return replace(
        episodes,
        support=Rows(
            Ragged(before[support.users.offsets]), support.item[kept], support.target[kept]
        ),
    )


def deal_rows(
    episodes: Episodes, shares: tuple[float, float], limit: int | None, seed: int
) -> Episodes:
    """Deal each user's rows anew to support and query, at most `limit` of them, drawn at random.

    shares: the least and the most to support; every user's share is drawn uniformly between them. A
    user with two rows or more has at least one of each; a single row goes to query.
    """
    owner, (item, target) = episodes.owners(), episodes.all_rows()
    draw = torch.Generator().manual_seed(seed)
    order = torch.rand(len(owner), generator=draw).to(owner.device).argsort()
    order = order[owner[order].argsort(stable=True)]
    count = torch.bincount(owner, minlength=len(episodes))
    share = torch.empty(len(episodes)).uniform_(*shares, generator=draw).to(owner.device)
    taken = count if limit is None else count.clamp(max=limit)
    most = (share * taken).round().long().clamp(min=1).minimum(taken - 1)
    rank = torch.arange(len(owner), device=owner.device) - (count.cumsum(0) - count)[owner[order]]
    is_support = rank < most[owner[order]]
    is_query = ~is_support & (rank < taken[owner[order]])

    def part(chosen: Tensor) -> Rows:
        """Return the chosen rows, user by user."""
        own = order[chosen]
        lengths = torch.bincount(owner[own], minlength=len(episodes))
        return Rows(Ragged(_sums(lengths)), item[own], target[own])

    return replace(episodes, support=part(is_support), query=part(is_query))


def _take(rows: Rows, users: Tensor) -> Rows:
    place, _, _ = rows.users.take(users)
    return Rows(Ragged(_sums(rows.users.lengths(users))), rows.item[place], rows.target[place])


def _sums(counts: Tensor) -> Tensor:
    """Return the sum of the counts before each one, and of all."""
    return torch.cat((counts.new_zeros(1), counts.cumsum(0)))
