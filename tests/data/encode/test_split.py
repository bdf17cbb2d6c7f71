"""Tensors from tables: codes, weights and values worked by hand."""

from dataclasses import astuple, replace
from pathlib import Path

import polars as pl
import pytest
import torch

from pipeline_lib.data.encode.split import EncodedSplit, encode_split
from pipeline_lib.data.encode.tables import CleanTables
from pipeline_lib.data.encode.vocabulary import Scale, Vocabulary, codes_of, first_codes
from pipeline_lib.episodes.format import Catalogue, Episodes
from pipeline_lib.schemas.columns import FOLDS
from pipeline_lib.settings.features import AnyFeature, Categorical, MultiValued, Numeric
from pipeline_lib.storage.tensors import TensorFileError

CATEGORICAL = Categorical(kind="categorical")
NUMERIC = Numeric(kind="numeric")
SEVERAL = MultiValued(kind="multi-valued", separator="|")
FEATURES: dict[str, AnyFeature] = {"genre": SEVERAL, "price": NUMERIC, "actor": SEVERAL}
USERS = pl.DataFrame(
    [
        ("a", "F", 2.0, "00", None),
        ("b", "M", 99.0, "11", None),
        ("c", "F", -3.0, "22", "zip is odd"),
        ("d", None, None, "00", None),
        ("e", "M", 50.0, "33", None),
    ],
    schema=["user", "gender", "age", "zip", "problem"],
    orient="row",
)
ITEMS = pl.DataFrame(
    [
        ("p", ["War", "Drama"], 6.0, ["Li"]),
        ("q", [], 11.0, ["Poe"]),
        ("r", ["Drama"], 11.0, []),
        ("s", ["Noir", "War", "Drama"], 99.0, ["Day"]),
        ("t", ["Noir"], None, []),
        ("u", [], -99.0, []),
    ],
    schema={
        "item": pl.String,
        "genre": pl.List(pl.String),
        "price": pl.Float64,
        "actor": pl.List(pl.String),
    },
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
EVENTS = pl.DataFrame(schema={"user": pl.String, "hits": pl.Int64, "trials": pl.Int64})
TABLES = CleanTables(USERS, ITEMS, EVENTS.lazy(), SPLIT_USERS, ROWS.lazy())
BAGS = [
    *([2, 1], [3], [4]),
    *([], [3], [5]),
    *([1], [3], []),
    *([2, 1], [3], []),
    *([], [], []),
    *([], [3], []),
]


@pytest.fixture(scope="module")
def encoded() -> EncodedSplit:
    return encode_split(TABLES, FEATURES)


def assert_equal(left: Episodes | Catalogue, right: Episodes | Catalogue) -> None:
    torch.testing.assert_close(astuple(left), astuple(right), rtol=0, atol=0)


def test_values_are_those_of_training_users_and_of_the_items_they_met(
    encoded: EncodedSplit,
) -> None:
    """Ages: 2 in a's three rows, -3 in c's two, mean 0. Prices: 6 in one row, 11 in four."""
    age, price = encoded.vocabulary.user["age"], encoded.vocabulary.item["price"]
    assert age == Scale(mean=0, sd=6**0.5)
    assert price == Scale(mean=10, sd=2)
    assert encoded.vocabulary == Vocabulary(
        user={"gender": ["F"], "age": age, "zip": ["00", "22"]},
        item={"genre": ["Drama", "War"], "price": price, "actor": ["Li", "Poe"]},
    )


def test_the_catalogue_has_a_bag_of_codes_for_each_feature_of_each_item(
    encoded: EncodedSplit,
) -> None:
    """Drama 1, War 2, price 3, Li 4, Poe 5; Noir and Day are unknown, and so is t's price."""
    catalogue = encoded.catalogue
    assert catalogue.codes.tolist() == [code for bag in BAGS for code in bag]
    assert catalogue.bags.lengths(torch.arange(18)).tolist() == [len(bag) for bag in BAGS]
    assert (len(catalogue), catalogue.features) == (6, 3)
    assert 0 not in catalogue.codes


def test_each_of_n_known_values_counts_for_1_nth_and_a_number_for_its_distance(
    encoded: EncodedSplit,
) -> None:
    """Prices: (6 - 10) / 2, (11 - 10) / 2; no further than 5 standard deviations for 99, -99."""
    right = [*(0.5, 0.5, -2, 1), *(0.5, 1), *(1, 0.5), *(0.5, 0.5, 5), -5]
    assert encoded.catalogue.weights.tolist() == right


def test_the_catalogue_is_decoded_to_the_known_values(encoded: EncodedSplit) -> None:
    side = encoded.vocabulary.item
    starts = first_codes(side)
    values = {f: known for f, known in side.items() if isinstance(known, list)}
    value = {c: v for f, known in values.items() for v, c in codes_of(known, starts[f]).items()}
    codes, _, bags = encoded.catalogue.take(torch.tensor([0, 3]))
    decoded = [[value.get(c, "-") for c in bag.tolist()] for bag in codes.tensor_split(bags[1:])]
    assert decoded == [["War", "Drama"], ["-"], ["Li"], ["War", "Drama"], ["-"], []]


def test_users_codes_are_0_where_no_training_user_has_the_value(encoded: EncodedSplit) -> None:
    """F 1, age 2, 00 3, 22 4; d has neither gender nor age."""
    assert encoded.folds["train"].codes.tolist() == [[1, 2, 3], [1, 2, 4]]
    assert encoded.folds["test"].codes.tolist() == [[0, 2, 0]]
    assert encoded.folds["validation"].codes.tolist() == [[0, 0, 3]]


def test_users_numbers_are_standardised_and_0_where_missing(encoded: EncodedSplit) -> None:
    """Ages 2 and -3 at a standard deviation of √6; no further than 5 of them for 99."""
    sixth = 6**-0.5
    train = encoded.folds["train"].values
    torch.testing.assert_close(train, torch.tensor([[1, 2 * sixth, 1], [1, -3 * sixth, 1]]))
    assert encoded.folds["test"].values.tolist() == [[1, 5, 1]]
    assert encoded.folds["validation"].values.tolist() == [[1, 0, 1]]


def test_a_constant_number_is_0_for_all_who_have_it() -> None:
    same = replace(TABLES, users=USERS.with_columns(age=0.1), items=ITEMS.with_columns(price=0.7))
    encoded = encode_split(same, {"price": NUMERIC})
    assert encoded.catalogue.codes.tolist() == [1] * 6
    assert encoded.catalogue.weights.tolist() == pytest.approx([0] * 6, abs=1e-12)
    for fold in FOLDS:
        assert encoded.folds[fold].codes[:, 1].tolist() == [2] * len(encoded.folds[fold])
        assert encoded.folds[fold].values[:, 1].abs().max() < 1e-12


def test_users_are_places_in_the_splits_table(encoded: EncodedSplit) -> None:
    assert {fold: episodes.user.tolist() for fold, episodes in encoded.folds.items()} == {
        "train": [0, 2],
        "validation": [3],
        "test": [1],
    }
    assert encoded.train_users.to_dict(as_series=False) == {"user": ["a", "c"]}
    assert encoded.validation_users["user"].to_list() == ["d"]
    assert encoded.validation_users.columns == ["user", "group"]
    assert encoded.items["item"].to_list() == list("pqrstu")


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
    real = [train.support.target, train.query.target, train.values, encoded.catalogue.weights]
    assert {tensor.dtype for tensor in real} == {torch.float32}


def test_all_rows_are_support_then_query(encoded: EncodedSplit) -> None:
    item, target = encoded.folds["train"].all_rows()
    assert (item.tolist(), target.tolist()) == ([0, 2, 2, 1, 1], [5, 4, 3, 1, 2])


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_users_and_rows_changes_nothing(encoded: EncodedSplit, seed: int) -> None:
    def shuffled(table: pl.DataFrame) -> pl.DataFrame:
        return table.sample(fraction=1, shuffle=True, seed=seed)

    tables = CleanTables(
        shuffled(USERS), ITEMS, EVENTS.lazy(), shuffled(SPLIT_USERS), shuffled(ROWS).lazy()
    )
    again = encode_split(tables, FEATURES)
    assert_equal(again.catalogue, encoded.catalogue)
    for fold in FOLDS:
        assert_equal(again.folds[fold], encoded.folds[fold])


def test_a_fold_without_users_is_empty() -> None:
    there = pl.col("fold") != "validation"
    split_users, rows = SPLIT_USERS.filter(there), ROWS.lazy().filter(there)
    encoded = encode_split(replace(TABLES, split_users=split_users, rows=rows), FEATURES)
    empty = encoded.folds["validation"]
    assert len(empty) == 0
    assert empty.codes.shape == empty.values.shape == (0, 3)
    assert [tensor.tolist() for tensor in empty.all_rows()] == [[], []]


def test_where_nothing_is_known_bags_are_empty_and_codes_0() -> None:
    users = USERS.with_columns(gender=pl.lit(None, pl.String), age=pl.lit(None, pl.Float64))
    items = ITEMS.select(
        "item", actor=pl.lit([], pl.List(pl.String)), brand=pl.lit(None, pl.String)
    )
    features: dict[str, AnyFeature] = {"actor": SEVERAL, "brand": CATEGORICAL}
    encoded = encode_split(replace(TABLES, users=users, items=items), features)
    assert encoded.vocabulary.item == {"actor": [], "brand": []}
    assert encoded.catalogue.codes.tolist() == encoded.catalogue.weights.tolist() == []
    assert encoded.catalogue.bags.offsets.tolist() == [0] * 13
    assert encoded.folds["train"].codes.tolist() == [[0, 0, 2], [0, 0, 3]]
    assert encoded.folds["train"].values.tolist() == [[1, 0, 1], [1, 0, 1]]


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
