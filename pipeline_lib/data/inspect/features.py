"""Describe the features of users and items."""

import re
from collections.abc import Iterator, Sequence

from pipeline_lib.data.inspect.columns import ColumnFacts
from pipeline_lib.data.inspect.roles import Seen
from pipeline_lib.data.inspect.words import UNSURE, flow
from pipeline_lib.settings.log import RESERVED

FEW = 50  # values of a number that may be a category
DIFFERENT = 0.5  # of the values: too many to learn anything of each


def describe_features(side: str, files: Sequence[Seen]) -> Iterator[str]:
    """Yield the YAML of the features of users or items; nothing where there are none.

    side: `user_features` or `item_features`, of which the latter may have several values.
    """
    named: dict[str, ColumnFacts] = {}
    for file in files:
        for column in file.without(file.key):
            named.setdefault(_name(column.name), column)
    features = [
        _feature(name, column, of_items=side == "item_features") for name, column in named.items()
    ]
    if any(not feature.startswith("#") for feature in features):
        yield f"{side}:"
    yield from (f"  {feature}" for feature in features)


def groupable(users: Seen) -> int:
    """Return how many features of users may tell major from minor ones."""
    columns = users.without(users.key)
    return sum(_kind(column, of_items=False) == "categorical" for column in columns)


def _name(column: str) -> str:
    name = re.sub(r"[^\w-]+", "_", column).lstrip("-") or "feature"
    return f"my_{name}" if name in RESERVED else name


def _kind(column: ColumnFacts, *, of_items: bool) -> str | None:
    """Return the kind of a feature, None of a column of which nothing is learned."""
    if of_items and column.separator:
        return "multi-valued"
    if column.is_number and column.distinct > FEW:
        return "numeric"
    different = column.distinct > max(FEW, DIFFERENT * column.filled)
    return None if different else "categorical"


def _feature(name: str, column: ColumnFacts, *, of_items: bool) -> str:
    kind = _kind(column, of_items=of_items)
    if kind is None:
        share = round(100 * column.distinct / column.filled)
        return f"# {name}: categorical # left out: {share} % of the values are different"
    keys = {"kind": kind, "column": column.name if column.name != name else None}
    keys["separator"] = column.separator if kind == "multi-valued" else None
    blank = column.filled < column.rows and not of_items
    keys["missing"] = "unknown" if blank else None
    given = {key: value for key, value in keys.items() if value is not None}
    number = column.is_number and kind == "categorical" and column.distinct > 2
    words = f"{UNSURE}{column.distinct} numbers, or numeric?" if number else ""
    return f"{name}: {flow(given) if len(given) > 1 else kind}{words}"
