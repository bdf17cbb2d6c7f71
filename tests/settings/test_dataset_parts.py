"""Mistakes between the parts of a dataset's YAML: tables, features that need others, rules."""

from pathlib import Path

import pytest

from pipeline_lib.settings.errors import SettingsError
from pipeline_lib.settings.load import read_dataset
from pipeline_lib.settings.log import LogSettings
from tests.settings.shop import SHOP, accepted, refusal, write_shop

ITEMS = "items:\n  file: products.csv\n  item: product"
GENDER, PRICE, TITLE = "gender: categorical", "price: numeric", "title: My shop"
CASES = {
    "no separator": (
        '  separator: "::"\n',
        "",
        "interactions: separator: missing; say what stands between the columns of orders.txt, for "
        'example `separator: ","`, `separator: "\\t"` (a tab) or `separator: "::"`',
    ),
    "a table by its file alone": (
        "users:\n  file: customers.tsv\n  user: customer",
        "users: customers.tsv",
        "users: must hold `key: value` lines, or a list of such, but is 'customers.tsv'; "
        "write for example `users: {file: users.csv, user: customer_id}`",
    ),
    "items by their file alone": (
        ITEMS,
        "items: products.csv",
        "items: must hold `key: value` lines, or a list of such, but is 'products.csv'; "
        "write for example `items: {file: items.csv, item: product_id}`",
    ),
    "a mistake in the second file of items": (
        ITEMS,
        "items:\n  - {file: products.csv, item: product}\n  - {file: more.csv, itm: product}",
        "items.1: unknown key 'itm'; did you mean 'item'? Known: blank, columns, encoding, file, "
        "filters, item, presence, quotes, separator",
    ),
    "users that may be missing": (
        "customers.tsv",
        "customers.tsv\n  presence: optional",
        "users.presence: only events and further files of items may be optional; take it out",
    ),
    "a separator of Parquet": (
        "customers.tsv",
        'customers.parquet\n  separator: ","',
        "users: separator: of text files, but customers.parquet is Parquet; take it out",
    ),
    "a filter without a column": (
        "  target: stars\n",
        "  target: stars\n  filters: [{values: [1]}]\n",
        "interactions: filters: each must name its column; write for example "
        "`filters: [{column: country, values: [se, dk]}]`",
    ),
    "a filter outside a list": (
        "  target: stars\n",
        "  target: stars\n  filters: {column: day, values: [1]}\n",
        "interactions.filters: must be a list in [ ]; "
        "write for example `filters: [{column: country, values: [se, dk]}]`",
    ),
    "a key column that `columns` has not": (
        "[customer, product, stars, day]",
        "[customer, produkt, stars, day]",
        "interactions: item: unknown column 'product'; did you mean 'produkt'? "
        "Known: customer, day, produkt, stars",
    ),
    "a filter's column that `columns` has not": (
        "  target: stars\n",
        "  target: stars\n  filters: [{column: date, pattern: '^2'}]\n",
        "interactions: filters.0: unknown column 'date'; did you mean 'day'? "
        "Known: customer, day, product, stars",
    ),
    "a user feature's column that `columns` has not": (
        "  user: customer\nitems",
        "  user: customer\n  columns: [customer, gendre, country, age]\nitems",
        "user_features.gender: unknown column 'gender'; did you mean 'gendre'? "
        "Known: age, country, customer, gendre",
    ),
    "an item feature's column that `columns` has not": (
        "  item: product\ninteractions",
        "  item: product\n  columns: [product, category, tags]\ninteractions",
        "item_features.price: unknown column 'price'; did you mean 'product'? "
        "Known: category, product, tags",
    ),
    # features that need others
    "a reserved name": (
        "  price: numeric",
        "  item: numeric",
        "item_features.item: the pipeline has a column of this name; choose another, and name the "
        "raw column: `my_item: {kind: categorical, column: item}`",
    ),
    "a name with a blank": (
        PRICE,
        "list price: numeric",
        "item_features: the name 'list price' must be letters, digits, - and _ alone; "
        "write for example `item_features: {category: categorical}`",
    ),
    "a missing parent": (
        PRICE,
        "price: numeric\n  logprice: {kind: numeric, log: cost}",
        "item_features.logprice: cost is no numeric item feature that stands above it; "
        "there are price",
    ),
    "a later parent": (
        PRICE,
        "logprice: {kind: numeric, log: price}\n  price: numeric",
        "item_features.logprice: price is no numeric item feature that stands above it; "
        "there is none",
    ),
    "a parent that is no number": (
        PRICE,
        "price: numeric\n  both: {kind: numeric, product: [price, category]}",
        "item_features.both: category is no numeric item feature that stands above it; "
        "there are price",
    ),
    "a product of one": (
        PRICE,
        "price: numeric\n  both: {kind: numeric, product: [price]}",
        "item_features.both.product: must hold at least 2 values, but is ['price']; "
        "write for example `product: [ctr, price]`",
    ),
    "two sources": (
        PRICE,
        "price: {kind: numeric, rate: target, column: cost}",
        "item_features.price: a numeric feature has one source, not column and rate",
    ),
    "a check of computed values": (
        PRICE,
        "mean: {kind: numeric, rate: target, between: [1, 5]}",
        "item_features.mean: between: of values in a raw column, but these are computed; "
        "take it out",
    ),
    "a rate of users": (
        GENDER,
        f"{GENDER}\n  mean: {{kind: numeric, rate: target}}",
        "user_features.mean: rate, log and product are for items",
    ),
    "a rate of events without events": (
        PRICE,
        "sold: {kind: numeric, rate: events}",
        "item_features.sold: rate: events needs `events`, the file that they are in; write for "
        "example `events: {file: events.csv, by: {category: category}, hits: [buy], "
        "trials: [view]}`",
    ),
    "events by what is no item feature": (
        TITLE,
        f"{TITLE}\nevents: {{file: e.csv, by: {{shop: s}}, hits: [buy], trials: [view]}}",
        "events.by: shop is no categorical item feature; there are category",
    ),
    "events by a list of values": (
        TITLE,
        f"{TITLE}\nevents: {{file: e.csv, by: {{tags: t}}, hits: [buy], trials: [view]}}",
        "events.by: tags is no categorical item feature; there are category",
    ),
    # partition
    "an unknown group feature": (
        TITLE,
        f"{TITLE}\npartition: {{group_features: [gendre]}}",
        "partition.group_features: gendre is no categorical or bucketed user feature; "
        "there are gender, country, age",
    ),
    "more major features than features": (
        "  country: categorical\n",
        "",
        "partition.major_features is 3, but the features to go by are gender, age; "
        "write for example `partition: {major_features: 2}`",
    ),
    "clicks of ratings": (
        TITLE,
        f"{TITLE}\npartition: {{min_clicked: 2}}",
        "partition.min_clicked is for click tasks; use min_interactions with ratings",
    ),
    "parts by time without times": (
        TITLE,
        f"{TITLE}\npartition: {{parts_by: time}}",
        "partition.parts_by needs the time of each interaction; write for example "
        "`time: {column: timestamp, unit: seconds}` under interactions",
    ),
    "a cut without times": (
        TITLE,
        f"{TITLE}\npartition: {{cut: 2020-01-01}}",
        "partition.cut needs the time of each interaction; write for example "
        "`time: {column: timestamp, unit: seconds}` under interactions",
    ),
    "a cut that is no day": (
        TITLE,
        f"{TITLE}\npartition: {{cut: soon}}",
        "partition.cut: must be a valid datetime or date, input is too short, but is 'soon'; "
        "write for example `cut: 2020-01-01`",
    ),
    "a cut and a number of rows": (
        TITLE,
        f"{TITLE}\npartition: {{cut: 2020-01-01, query: {{rows: 1}}}}",
        "partition: cut says what test users are adapted and judged on; take support and query "
        "out, or set them to null",
    ),
    "no support row": (
        TITLE,
        f"{TITLE}\npartition: {{support: {{rows: 0}}}}",
        "partition.support.rows: must be greater than 0, but is 0",
    ),
    "a number where rows belong": (
        TITLE,
        f"{TITLE}\npartition: {{support: 5}}",
        "partition.support: must hold `key: value` lines, but is 5; write for example "
        "`support: {rows: 5}`",
    ),
    "more rows than the most active user may have": (
        TITLE,
        f"{TITLE}\npartition: {{max_interactions: 50, support: {{rows: 50}}}}",
        "partition: a user needs 51 interactions (min_interactions, or the rows of support and "
        "query), and max_interactions is 50; raise max_interactions, or ask for fewer",
    ),
    "to be learned from all": (
        TITLE,
        f"{TITLE}\npartition: {{learn_from: all}}",
        "partition.learn_from: must be 'cold' or 'everyone', but is 'all'",
    ),
    "a quadrant and a cut": (
        TITLE,
        f"{TITLE}\npartition: {{cut: 2020-01-01, quadrant: {{}}}}",
        "partition: quadrant is of rows that the log has, at any time; take cut and negatives "
        "out, or set them to null",
    ),
    "an unknown quadrant": (
        TITLE,
        f"{TITLE}\npartition: {{quadrant: {{users: new}}}}",
        "partition.quadrant.users: must be 'cold' or 'warm', but is 'new'",
    ),
    "negatives by time": (
        TITLE,
        f"{TITLE}\npartition: {{negatives: {{}}, parts_by: time}}",
        "partition: negatives are drawn without a time; take them out, or both parts_by and cut",
    ),
}


@pytest.mark.parametrize(("old", "new", "message"), CASES.values(), ids=CASES)
def test_a_mistake_is_named_with_the_right_form(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert refusal(tmp_path, old, new) == message


def test_users_without_a_feature_of_groups_are_told_apart_by_activity(tmp_path: Path) -> None:
    age = "age: {kind: bucketed, edges: [25, 40, 60]}"
    old = f"gender: categorical\n  country: categorical\n  {age}"
    assert accepted(tmp_path, old, "age: numeric").grouping() == []
    rules = "partition: {major_features: 2}"
    assert refusal(tmp_path, f"user_features:\n  {old}", rules) == (
        "partition: major_features: of groups by features, but no user feature is categorical or "
        "bucketed, so groups go by activity; take it out"
    )


USER_FILE = "users:\n  file: customers.tsv\n  user: customer\n"
ITEM_FILE = "items:\n  file: products.csv\n  item: product\n"


def test_a_log_needs_no_file_of_users_and_none_of_items(tmp_path: Path) -> None:
    start, end = SHOP.index(USER_FILE), SHOP.index("user_features:")
    bare = SHOP[:start] + SHOP[start:end].replace(USER_FILE, "").replace(ITEM_FILE, "")
    write_shop(tmp_path, bare)
    dataset = read_dataset(tmp_path, "shop")
    assert dataset.tables() == {"interactions": dataset.interactions}
    assert (dataset.user_features, dataset.item_features, dataset.grouping()) == ({}, {}, [])
    again = LogSettings.model_validate(dataset.log_settings())
    assert again.model_dump() == dataset.model_dump(include=set(LogSettings.model_fields))
    write_shop(tmp_path, bare + "item_features: {mean: {kind: numeric, rate: target}}\n")
    assert [*read_dataset(tmp_path, "shop").item_features] == ["mean"]


def test_features_need_the_file_that_they_are_read_from(tmp_path: Path) -> None:
    assert refusal(tmp_path, USER_FILE, "") == (
        "user_features: gender, country, age cannot be read without a file of users; write for "
        "example `users: {file: users.csv}`"
    )
    assert refusal(tmp_path, ITEM_FILE, "") == (
        "item_features: category, tags, price cannot be read without a file of items; write for "
        "example `items: {file: items.csv}`"
    )


def test_without_a_file_of_items_no_item_is_unknown(tmp_path: Path) -> None:
    features = SHOP[SHOP.index("item_features:") :]
    write_shop(tmp_path, SHOP.replace(features, "unknown_items: keep\n").replace(ITEM_FILE, ""))
    with pytest.raises(SettingsError, match="unknown_items: without a file of items none is unkn"):
        read_dataset(tmp_path, "shop")
