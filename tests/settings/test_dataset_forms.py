"""The forms a dataset's YAML may have, and what they mean."""

from pathlib import Path
from typing import get_args

import pandera.polars as pa
import pytest

from pipeline_lib.schemas import clean, split
from pipeline_lib.settings.columns import Column
from pipeline_lib.settings.dataset import Dataset
from pipeline_lib.settings.features import Categorical, Named, Numeric
from pipeline_lib.settings.load import read_dataset
from pipeline_lib.settings.log import RESERVED
from tests.settings.shop import accepted, refusal


def test_a_kind_alone_and_a_column_alone_will_do(tmp_path: Path) -> None:
    short = accepted(tmp_path)
    assert short.user_features["gender"] == Categorical(kind="categorical")
    assert short.item_features["price"] == Numeric(kind="numeric")
    assert short.users
    assert short.users[0].user == Column(column="customer")
    assert short == accepted(tmp_path, "gender: categorical", "gender: {kind: categorical}")
    assert short == accepted(
        tmp_path, "  user: customer\nitems", "  user: {column: customer}\nitems"
    )
    assert get_args(Named) == ("categorical", "numeric")


def test_items_are_one_file_or_several(tmp_path: Path) -> None:
    one = accepted(tmp_path)
    old = "items:\n  file: products.csv\n  item: product"
    several = "items:\n  - {file: products.csv, item: product}"
    assert accepted(tmp_path, old, several) == one
    two = accepted(tmp_path, old, several + "\n  - {file: more.csv, presence: optional}")
    assert [table.file for table in two.items] == ["products.csv", "more.csv"]
    assert list(two.tables()) == ["users", "items_1", "items_2", "interactions"]


def test_users_are_one_file_or_several(tmp_path: Path) -> None:
    old = "users:\n  file: customers.tsv\n  user: customer"
    more = "users:\n  - {file: customers.tsv, user: customer}"
    assert accepted(tmp_path, old, more) == accepted(tmp_path)
    two = accepted(tmp_path, old, more + "\n  - {file: more.csv, user: id}")
    assert [*two.tables()] == ["users", "users_2", "items_1", "interactions"]
    assert refusal(tmp_path, old, more + '\n  - {file: more.csv, blank: ["-"]}') == (
        "users: all files must have the same `blank`, by which new users are read, too"
    )
    assert refusal(tmp_path, old, more + "\n  - {file: more.csv, usr: id}").startswith(
        "users.1: unknown key 'usr'; did you mean 'user'?"
    )


def test_numbers_are_texts_where_texts_are_meant(tmp_path: Path) -> None:
    new = "gender: {kind: categorical, values: [1, 2.5, 1000001], replace: {0: 1}, column: 7}"
    feature = accepted(tmp_path, "gender: categorical", new).user_features["gender"]
    assert isinstance(feature, Categorical)
    assert (feature.values, feature.replace, feature.column) == (
        ("1", "2.5", "1000001"),
        {"0": "1"},
        "7",
    )


def test_the_separator_follows_from_the_name(tmp_path: Path) -> None:
    dataset = accepted(tmp_path)
    tables = dataset.tables().values()
    assert [table.splits_at for table in tables] == ["\t", ",", "::"]
    assert [table.quoting for table in tables] == ["doubled", "doubled", "none"]


def test_the_end_of_a_compressed_files_name_does_not_count(tmp_path: Path) -> None:
    for end in ("gz", "bz2", "xz", "zst", "zip"):
        (table,) = accepted(tmp_path, "customers.tsv", f"customers.tsv.{end}").users
        assert (table.splits_at, table.is_parquet) == ("\t", False)
        (table,) = accepted(tmp_path, "customers.tsv", f"customers.parquet.{end}").users
        assert table.is_parquet


def test_parquet_needs_no_separator(tmp_path: Path) -> None:
    dataset = accepted(tmp_path, "customers.tsv", "customers.parquet")
    assert [table.is_parquet for table in dataset.tables().values()] == [True, False, False]


def test_users_may_have_numbers(tmp_path: Path) -> None:
    dataset = accepted(tmp_path, "  gender:", "  income: numeric\n  gender:")
    assert isinstance(dataset.user_features["income"], Numeric)
    assert dataset.grouping() == ["gender", "country", "age"]


def test_computed_features_may_build_on_each_other(tmp_path: Path) -> None:
    new = (
        "  price: numeric\n  mean: {kind: numeric, rate: target}\n  log: {kind: numeric, "
        "log: mean}\n  all: {kind: numeric, product: [log, price]}"
    )
    dataset = accepted(tmp_path, "  price: numeric", new)
    assert list(dataset.read_features(dataset.item_features)) == ["category", "tags", "price"]


@pytest.mark.parametrize("name", ["movielens", "bookcrossing", "bookcrossing-literal", "taobao"])
def test_a_dump_gives_the_same_settings(config: Path, name: str) -> None:
    dataset = read_dataset(config / "datasets", name)
    assert Dataset.model_validate(dataset.model_dump(mode="json")) == dataset
    assert Dataset.model_validate_json(dataset.model_dump_json()) == dataset


def test_a_dump_of_parquet_and_computed_features_gives_the_same_settings(tmp_path: Path) -> None:
    new = "price: numeric\n  mean: {kind: numeric, rate: target}"
    dataset = accepted(tmp_path, "price: numeric", new)
    assert dataset.users
    users = dataset.users[0].model_copy(update={"file": "customers.parquet"})
    dataset = dataset.model_copy(update={"users": (users,)})
    assert Dataset.model_validate(dataset.model_dump(mode="json")) == dataset


def test_movielens_has_the_papers_rules(movielens: Dataset) -> None:
    rules = movielens.partition
    assert (rules.cold_share, rules.query_share, rules.top_share) == (0.8, 0.2, 0.3)
    assert (rules.min_interactions, rules.major_features) == (2, 3)
    assert list(rules.folds.model_dump().items()) == [("train", 7), ("validation", 1), ("test", 2)]


def columns(schema: pa.DataFrameSchema) -> set[str]:
    return set(schema.columns)


def test_no_feature_has_the_name_of_a_column() -> None:
    taken = columns(clean.users({})) | columns(clean.items({})) | columns(clean.events([]))
    taken |= columns(clean.interactions((1, 5))) | columns(split.SPLIT_USERS)
    assert taken <= RESERVED
