"""The place that a finding of pydantic is about: its keys, the keys beside it, a right form."""

import json
import re

import pytest

from pipeline_lib.settings.dataset import Dataset
from pipeline_lib.settings.errors import PATTERNS, locate
from pipeline_lib.settings.json_schema import json_schemas
from pipeline_lib.settings.run import Run


@pytest.mark.parametrize(
    ("loc", "keys"),
    [
        (("task", "rating", "scale"), "task.scale"),
        (("user_features", "age", "bucketed", "edges", 0), "user_features.age.edges.0"),
        (("item_features", "numeric", "numeric", "log"), "item_features.numeric.log"),
        (("items", 1, "item", "pattern"), "items.1.item.pattern"),
        (("events", "by", "category", "column"), "events.by.category.column"),
        (("user_features", "a b", "[key]"), "user_features"),
        (("partition", "folds", "train"), "partition.folds.train"),
        ((), ""),
    ],
)
def test_tags_of_unions_are_no_keys(loc: tuple[int | str, ...], keys: str) -> None:
    assert ".".join(locate(Dataset, loc).keys) == keys


def test_the_siblings_are_those_of_the_kind() -> None:
    task = locate(Dataset, ("task", "click", "scale"))
    assert task.siblings == ["kind", "clicked_weight", "other_weight"]
    assert locate(Run, ("network", "hiden")).siblings == [
        *("embedding_size", "embedding_std", "hidden", "head"),
    ]


@pytest.mark.parametrize(
    ("loc", "example"),
    [
        (("task", "rating", "scale"), "scale: [1, 5]"),
        (("task", "rating", "scale", 0), "scale: [1, 5]"),
        (("users",), "users: {file: users.csv, user: customer_id}"),
        (("users", 0, "presence"), None),
        (("interactions", "filters", 0), "filters: [{column: country, values: [se, dk]}]"),
        (("user_features", "a b", "[key]"), "user_features: {country: categorical}"),
    ],
)
def test_the_example_is_the_keys_own_or_that_of_what_holds_it(
    loc: tuple[int | str, ...], example: str | None
) -> None:
    assert locate(Dataset, loc).example == example


def test_every_pattern_is_said_in_words() -> None:
    schemas = json.dumps(json_schemas())
    asked = {json.loads(found) for found in re.findall(r'"pattern": ("[^"]*")', schemas)}
    assert asked == set(PATTERNS)
