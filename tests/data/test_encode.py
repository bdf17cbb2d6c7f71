"""Tensors from tables: codes by hand, no leak from other folds, and the ragged lists' laws."""

from collections.abc import Callable
from dataclasses import astuple, replace
from pathlib import Path

import polars as pl
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_lib.batch import Batch, PackedRows, take_batch
from pipeline_lib.data.encode import EncodedSplit, encode_catalogue, encode_split
from pipeline_lib.data.vocabulary import Vocabulary, encode_values, fit_vocabulary
from pipeline_lib.episodes import Catalogue, Episodes, Ragged, Rows
from pipeline_lib.schemas.columns import FOLDS
from pipeline_lib.tensors import TensorFileError

USERS = pl.DataFrame(
    [
        ("a", "F", "00"),
        ("b", "M", "11"),
        ("c", "F", "22"),
        ("d", "X", "00"),
        ("e", "M", "33"),
    ],
    schema=["user", "gender", "zip"],
    orient="row",
)
ITEMS = pl.DataFrame(
    [
        ("p", ["War", "Drama"], ["Li"]),
        ("q", [], ["Poe"]),
        ("r", ["Drama"], []),
        ("s", ["Noir", "War"], ["Day"]),
    ],
    schema={"item": pl.String, "genre": pl.List(pl.String), "actor": pl.List(pl.String)},
    orient="row",
)
SPLIT_USERS = pl.DataFrame(
    [
        ("a", "train", "major"),
        ("b", "test", "minor"),
        ("c", "train", "minor"),
        ("d", "validation", "minor"),
    ],
    schema=["user", "fold", "group"],
    orient="row",
)
ROWS = pl.DataFrame(
    [
        ("a", "p", 5, "train", "support"),
        ("a", "q", 1, "train", "query"),
        ("a", "r", 4, "train", "support"),
        ("b", "p", 2, "test", "query"),
        ("b", "s", 3, "test", "support"),
        ("c", "q", 2, "train", "query"),
        ("c", "r", 3, "train", "support"),
        ("d", "p", 4, "validation", "support"),
        ("d", "r", 5, "validation", "query"),
    ],
    schema={
        "user": pl.String,
        "item": pl.String,
        "target": pl.Float32,
        "fold": pl.String,
        "part": pl.String,
    },
    orient="row",
)
Tables = dict[str, pl.DataFrame]
Tensors = Episodes | Catalogue | Batch


def tables() -> Tables:
    return {"users": USERS, "items": ITEMS, "split_users": SPLIT_USERS, "rows": ROWS}


@pytest.fixture(scope="module")
def encoded() -> EncodedSplit:
    return encode_split(**tables())


def assert_equal(left: Tensors, right: Tensors) -> None:
    torch.testing.assert_close(astuple(left), astuple(right), rtol=0, atol=0)


def test_values_are_those_of_training_users_and_of_the_items_they_met(
    encoded: EncodedSplit,
) -> None:
    assert encoded.vocabulary == Vocabulary(
        user={"gender": ["F"], "zip": ["00", "22"]},
        item={"genre": ["Drama", "War"], "actor": ["Li", "Poe"]},
    )


def test_codes_are_counted_from_1_through_a_sides_features() -> None:
    assert encode_values({"genre": ["Drama", "War"], "actor": [], "year": ["1", "2"]}) == {
        "genre": {"Drama": 1, "War": 2},
        "actor": {},
        "year": {"1": 3, "2": 4},
    }


def test_the_catalogue_has_a_bag_of_codes_for_each_feature_of_each_item(
    encoded: EncodedSplit,
) -> None:
    """Drama 1, War 2, Li 3, Poe 4; Noir and Day are unknown."""
    catalogue = encoded.catalogue
    bags = [[2, 1], [3], [], [4], [1], [], [2], []]
    assert catalogue.codes.tolist() == [code for bag in bags for code in bag]
    assert catalogue.bags.lengths(torch.arange(8)).tolist() == [len(bag) for bag in bags]
    assert (len(catalogue), catalogue.features) == (4, 2)


def test_the_catalogue_is_decoded_to_the_known_values(encoded: EncodedSplit) -> None:
    value = {
        c: v for side in encode_values(encoded.vocabulary.item).values() for v, c in side.items()
    }
    codes, starts = encoded.catalogue.take(torch.tensor([0, 3]))
    decoded = [[value[c] for c in bag.tolist()] for bag in codes.tensor_split(starts[1:])]
    assert decoded == [["War", "Drama"], ["Li"], ["War"], []]


def test_users_codes_are_0_where_no_training_user_has_the_value(encoded: EncodedSplit) -> None:
    """F 1, 00 2, 22 3."""
    assert encoded.folds["train"].codes.tolist() == [[1, 2], [1, 3]]
    assert encoded.folds["test"].codes.tolist() == [[0, 0]]
    assert encoded.folds["validation"].codes.tolist() == [[0, 2]]


def test_users_are_places_in_the_splits_table(encoded: EncodedSplit) -> None:
    assert {fold: episodes.user.tolist() for fold, episodes in encoded.folds.items()} == {
        "train": [0, 2],
        "validation": [3],
        "test": [1],
    }


def test_rows_are_packed_user_by_user_in_the_order_of_items(encoded: EncodedSplit) -> None:
    train = encoded.folds["train"]
    assert train.support.users.offsets.tolist() == [0, 2, 3]
    assert train.support.item.tolist() == [0, 2, 2]
    assert train.support.target.tolist() == [5, 4, 3]
    assert train.query.users.offsets.tolist() == [0, 1, 2]
    assert train.query.item.tolist() == [1, 1]
    assert train.query.target.tolist() == [1, 2]


def test_the_types_are_the_documented_ones(encoded: EncodedSplit) -> None:
    train = encoded.folds["train"]
    whole = [train.user, train.codes, train.query.item, train.query.users.offsets]
    whole += [encoded.catalogue.codes, encoded.catalogue.bags.offsets]
    assert {tensor.dtype for tensor in whole} == {torch.int64}
    assert {train.support.target.dtype, train.query.target.dtype} == {torch.float32}


def test_all_rows_are_support_then_query(encoded: EncodedSplit) -> None:
    item, target = encoded.folds["train"].all_rows()
    assert (item.tolist(), target.tolist()) == ([0, 2, 2, 1, 1], [5, 4, 3, 1, 2])


def where(frame: pl.DataFrame, key: str, value: str, **new: pl.Expr) -> pl.DataFrame:
    chosen = pl.col(key) == value
    return frame.with_columns(
        pl.when(chosen).then(expression).otherwise(pl.col(column)).alias(column)
        for column, expression in new.items()
    )


def strange_test_profile(t: Tables) -> Tables:
    return {**t, "users": where(t["users"], "user", "b", gender=pl.lit("N"), zip=pl.lit("99"))}


def familiar_test_profile(t: Tables) -> Tables:
    return {**t, "users": where(t["users"], "user", "b", gender=pl.lit("F"), zip=pl.lit("22"))}


def strange_validation_profile(t: Tables) -> Tables:
    return {**t, "users": where(t["users"], "user", "d", gender=pl.lit("N"), zip=pl.lit("99"))}


def warm_user_profile(t: Tables) -> Tables:
    return {**t, "users": where(t["users"], "user", "e", gender=pl.lit("N"), zip=pl.lit("99"))}


def other_test_ratings(t: Tables) -> Tables:
    return {**t, "rows": where(t["rows"], "fold", "test", target=pl.lit(1, pl.Float32))}


def other_test_items(t: Tables) -> Tables:
    return {**t, "rows": where(t["rows"], "fold", "test", item=pl.col("item").replace("p", "q"))}


def other_test_parts(t: Tables) -> Tables:
    swapped = pl.col("part").replace({"support": "query", "query": "support"})
    return {**t, "rows": where(t["rows"], "fold", "test", part=swapped)}


def features_of_an_item_only_test_users_met(t: Tables) -> Tables:
    genre, actor = pl.lit(pl.Series([["Opera"]])), pl.lit(pl.Series([["Li", "Fay"]]))
    return {**t, "items": where(t["items"], "item", "s", genre=genre.first(), actor=actor.first())}


LEAKS = [
    strange_test_profile,
    familiar_test_profile,
    strange_validation_profile,
    warm_user_profile,
    other_test_ratings,
    other_test_items,
    other_test_parts,
    features_of_an_item_only_test_users_met,
]


@pytest.mark.parametrize("change", LEAKS)
def test_what_is_not_training_data_changes_nothing_that_training_sees(
    encoded: EncodedSplit, change: Callable[[Tables], Tables]
) -> None:
    changed = encode_split(**change(tables()))
    met = torch.tensor([0, 1, 2])
    assert changed.vocabulary == encoded.vocabulary
    assert_equal(changed.folds["train"], encoded.folds["train"])
    for before, after in zip(encoded.catalogue.take(met), changed.catalogue.take(met), strict=True):
        assert torch.equal(before, after)


def test_what_is_training_data_changes_what_training_sees(encoded: EncodedSplit) -> None:
    users = where(USERS, "user", "c", zip=pl.lit("44"))
    changed = encode_split(**{**tables(), "users": users})
    assert changed.vocabulary.user["zip"] == ["00", "44"]
    items = where(ITEMS, "item", "r", genre=pl.lit(pl.Series([["Noir"]])).first())
    changed = encode_split(**{**tables(), "items": items})
    assert changed.vocabulary.item["genre"] == ["Drama", "Noir", "War"]


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_users_and_rows_changes_nothing(encoded: EncodedSplit, seed: int) -> None:
    shuffled = {
        name: frame if name == "items" else frame.sample(fraction=1, shuffle=True, seed=seed)
        for name, frame in tables().items()
    }
    again = encode_split(**shuffled)
    assert_equal(again.catalogue, encoded.catalogue)
    for fold in FOLDS:
        assert_equal(again.folds[fold], encoded.folds[fold])


def test_a_fold_without_users_is_empty() -> None:
    t = tables()
    t["split_users"] = t["split_users"].filter(pl.col("fold") != "validation")
    t["rows"] = t["rows"].filter(pl.col("fold") != "validation")
    empty = encode_split(**t).folds["validation"]
    assert len(empty) == 0
    assert empty.codes.shape == (0, 2)
    assert [tensor.tolist() for tensor in empty.all_rows()] == [[], []]


def test_a_feature_without_known_values_has_empty_bags() -> None:
    vocabulary = fit_vocabulary(USERS, ITEMS.select("item", actor=pl.lit([], pl.List(pl.String))))
    catalogue = encode_catalogue(ITEMS.select("item", "actor"), vocabulary)
    assert vocabulary.item == {"actor": []}
    assert catalogue.codes.tolist() == []
    assert len(catalogue) == 4


def test_episodes_and_catalogue_are_loaded_as_they_were_saved(
    encoded: EncodedSplit, tmp_path: Path
) -> None:
    encoded.catalogue.save(tmp_path / "catalogue")
    assert_equal(Catalogue.load(tmp_path / "catalogue"), encoded.catalogue)
    for fold, episodes in encoded.folds.items():
        episodes.save(tmp_path / fold)
        assert_equal(Episodes.load(tmp_path / fold), episodes)


def test_a_file_of_other_tensors_is_refused_by_name(encoded: EncodedSplit, tmp_path: Path) -> None:
    encoded.catalogue.save(tmp_path / "catalogue")
    with pytest.raises(TensorFileError, match="catalogue"):
        Episodes.load(tmp_path / "catalogue")


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
    return Catalogue(bags, torch.arange(int(bags.offsets[-1])) + 1, features)


@given(catalogue=catalogues(), data=st.data())
def test_taking_items_equals_a_plain_loop(catalogue: Catalogue, data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.integers(0, len(catalogue) - 1), min_size=1, max_size=6))
    offsets, per_item = catalogue.bags.offsets.tolist(), catalogue.features
    bags = [
        catalogue.codes[offsets[bag] : offsets[bag + 1]].tolist()
        for item in chosen
        for bag in range(item * per_item, (item + 1) * per_item)
    ]
    codes, starts = catalogue.take(torch.tensor(chosen))
    assert codes.tolist() == [code for bag in bags for code in bag]
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
    return Episodes(torch.arange(users) * 3, codes, rows(5), rows(3)), catalogue


def assert_whole(packed: PackedRows, rows: Rows, batch: Batch) -> None:
    """The batch's rows are each user's rows of the fold, in the batch's order of users."""
    offsets = rows.users.offsets.tolist()
    spans = [range(offsets[user], offsets[user + 1]) for user in batch.users.tolist()]
    places = [place for span in spans for place in span]
    assert packed.place.tolist() == places
    assert packed.user.tolist() == [i for i, span in enumerate(spans) for _ in span]
    assert packed.rank.tolist() == [rank for span in spans for rank in range(len(span))]
    assert packed.counts.tolist() == [len(span) for span in spans]
    assert torch.equal(packed.target, rows.target[places])
    assert torch.equal(batch.items[packed.item], rows.item[places])


@settings(max_examples=60)
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
    met = torch.cat((batch.items[batch.support.item], batch.items[batch.query.item]))
    assert batch.items.tolist() == sorted(set(met.tolist()))
    assert torch.equal(batch.item_codes, catalogue.take(batch.items)[0])
    assert torch.equal(batch.item_bags, catalogue.take(batch.items)[1])
    assert len(batch) == len(chosen)


def test_two_orders_of_the_same_users_give_the_same_batch_where_no_support_ties() -> None:
    rows = Rows(ragged([3, 1, 2]), torch.tensor([0, 1, 2, 0, 1, 2]), torch.zeros(6))
    query = replace(rows, users=ragged([2, 2, 2]))
    episodes = Episodes(torch.arange(3), torch.zeros(3, 1, dtype=torch.int64), rows, query)
    catalogue = Catalogue(ragged([1, 1, 1]), torch.tensor([1, 2, 3]), 1)
    one = take_batch(episodes, catalogue, torch.tensor([0, 1, 2]))
    two = take_batch(episodes, catalogue, torch.tensor([2, 0, 1]))
    assert one.users.tolist() == [1, 2, 0]
    assert_equal(one, two)
