"""The ragged lists' laws, and a batch of users against a plain loop."""

from dataclasses import astuple, replace

import torch
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.episodes.batch import Batch, BatchRows, take_batch
from pipeline_lib.episodes.format import Catalogue, Episodes, Ragged, Rows


def ragged(lengths: list[int]) -> Ragged:
    return Ragged(torch.tensor([0, *lengths]).cumsum(0))


lists_of_lengths = st.lists(st.integers(0, 4), min_size=1, max_size=8)


@given(lengths=lists_of_lengths, data=st.data())
def test_taking_lists_equals_a_plain_loop(lengths: list[int], data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.integers(0, len(lengths) - 1), max_size=8))
    lists = ragged(lengths)
    expected = [
        (sum(lengths[:one]) + rank, owner, rank)
        for owner, one in enumerate(chosen)
        for rank in range(lengths[one])
    ]
    index = torch.tensor(chosen, dtype=torch.int64)
    assert [*zip(*(t.tolist() for t in lists.take(index)), strict=True)] == expected
    assert lists.lengths(index).tolist() == [lengths[one] for one in chosen]
    assert len(lists) == len(lengths)


@st.composite
def catalogues(draw: st.DrawFn) -> Catalogue:
    items, features = draw(st.integers(1, 6)), draw(st.integers(1, 3))
    count = items * features
    bags = ragged(draw(st.lists(st.integers(0, 3), min_size=count, max_size=count)))
    codes = torch.arange(int(bags.offsets[-1])) + 1
    return Catalogue(bags, codes, 0.5 - codes, features)


@given(catalogue=catalogues(), data=st.data())
def test_taking_items_equals_a_plain_loop(catalogue: Catalogue, data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.integers(0, len(catalogue) - 1), min_size=1, max_size=6))
    offsets, per_item = catalogue.bags.offsets.tolist(), catalogue.features
    bags = [
        catalogue.codes[offsets[bag] : offsets[bag + 1]].tolist()
        for item in chosen
        for bag in range(item * per_item, (item + 1) * per_item)
    ]
    codes, weights, starts = catalogue.take(torch.tensor(chosen))
    assert codes.tolist() == [code for bag in bags for code in bag]
    assert weights.tolist() == [0.5 - code for bag in bags for code in bag]
    assert starts.tolist() == [sum(map(len, bags[:i])) for i in range(len(bags))]


@st.composite
def folds(draw: st.DrawFn) -> tuple[Episodes, Catalogue]:
    """Users with 1 to 5 support rows and 1 to 3 query rows."""
    catalogue = draw(catalogues())
    users = draw(st.integers(1, 6))

    def rows(most: int) -> Rows:
        lengths = draw(st.lists(st.integers(1, most), min_size=users, max_size=users))
        items = st.integers(0, len(catalogue) - 1)
        total = sum(lengths)
        item = draw(st.lists(items, min_size=total, max_size=total))
        return Rows(ragged(lengths), torch.tensor(item), torch.arange(total) + 0.5)

    codes = torch.arange(users * 2).reshape(users, 2)
    return Episodes(torch.arange(users) * 3, codes, codes - 2.5, rows(5), rows(3)), catalogue


def assert_whole(packed: BatchRows, rows: Rows, batch: Batch) -> None:
    """The batch's rows are each user's rows of the fold, in the batch's order of users."""
    offsets = rows.users.offsets.tolist()
    spans = [range(offsets[user], offsets[user + 1]) for user in batch.users.tolist()]
    places = [place for span in spans for place in span]
    assert packed.position.tolist() == places
    assert packed.user.tolist() == [i for i, span in enumerate(spans) for _ in span]
    assert packed.rank.tolist() == [rank for span in spans for rank in range(len(span))]
    assert packed.counts.tolist() == [len(span) for span in spans]
    assert torch.equal(packed.target, rows.target[places])
    assert torch.equal(batch.items[packed.item], rows.item[places])


@given(fold=folds(), data=st.data())
def test_a_batch_holds_each_users_rows_whole_and_each_item_once(
    fold: tuple[Episodes, Catalogue], data: st.DataObject
) -> None:
    episodes, catalogue = fold
    everyone = data.draw(st.permutations(range(len(episodes))))
    chosen = everyone[: data.draw(st.integers(1, len(everyone)))]
    batch = take_batch(episodes, catalogue, torch.tensor(chosen))
    assert_whole(batch.support, episodes.support, batch)
    assert_whole(batch.query, episodes.query, batch)
    support_rows = episodes.support.users.lengths(torch.tensor(chosen)).tolist()
    ranked = sorted(range(len(chosen)), key=lambda i: support_rows[i])
    assert batch.users.tolist() == [chosen[i] for i in ranked]
    assert torch.equal(batch.codes, episodes.codes[batch.users])
    assert torch.equal(batch.values, episodes.values[batch.users])
    met = torch.cat((batch.items[batch.support.item], batch.items[batch.query.item]))
    assert batch.items.tolist() == sorted(set(met.tolist()))
    taken = (batch.item_codes, batch.item_weights, batch.item_bags)
    assert all(map(torch.equal, taken, catalogue.take(batch.items)))
    assert len(batch) == len(chosen)


def test_two_orders_of_the_same_users_give_the_same_batch_where_no_support_ties() -> None:
    rows = Rows(ragged([3, 1, 2]), torch.tensor([0, 1, 2, 0, 1, 2]), torch.zeros(6))
    query = replace(rows, users=ragged([2, 2, 2]))
    codes, values = torch.zeros(3, 1, dtype=torch.int64), torch.tensor([[1.0], [2.0], [3.0]])
    episodes = Episodes(torch.arange(3), codes, values, rows, query)
    catalogue = Catalogue(ragged([1, 1, 1]), torch.tensor([1, 2, 3]), torch.ones(3), 1)
    one = take_batch(episodes, catalogue, torch.tensor([0, 1, 2]))
    two = take_batch(episodes, catalogue, torch.tensor([2, 0, 1]))
    assert one.users.tolist() == [1, 2, 0]
    torch.testing.assert_close(astuple(one), astuple(two), rtol=0, atol=0)
