"""Describe the features of users and items."""

import re
from collections.abc import Iterable, Iterator, Sequence

from pipeline_lib.data.inspect.columns import ColumnFacts
from pipeline_lib.data.inspect.roles import Seen
from pipeline_lib.data.inspect.words import UNSURE, flow
from pipeline_lib.settings.log import RESERVED

FEW = 50  # values of a number that may be a category
DIFFERENT = 0.5  # of the values: too many to learn anything of each
MAY_BE_BLANK = {"missing": "unknown"}
FLAGS = 3  # columns of 0 and 1 that may be one feature


def describe_features(side: str, files: Sequence[Seen]) -> Iterator[str]:
    """Yield the YAML of the features of users or items; nothing where there are none.

    side: `user_features` or `item_features`.
    """
    of_items, named = side == "item_features", dict[str, ColumnFacts]()
    for file in files:
        for column in file.without(file.key):
            named.setdefault(_name(column.name), column)
    flags = _flags(named.values())
    features = [
        _feature(name, column, of_items=of_items)
        for name, column in named.items()
        if column.name not in flags
    ]
    if flags:
        words = {"kind": "multi-valued", "flags": flags} | ({} if of_items else MAY_BE_BLANK)
        features.append(f"flags: {flow(words)}{UNSURE}one feature of several values?")
    if any(not feature.startswith("#") for feature in features):
        yield f"{side}:"
    yield from (f"  {feature}" for feature in features)


def groupable(users: Seen) -> int:
    """Return how many features of users may tell major from minor ones."""
    columns = users.without(users.key)
    flags = _flags(columns)
    left = (column for column in columns if column.name not in flags)
    return sum(_kind(column) == "categorical" for column in left)


def _flags(columns: Iterable[ColumnFacts]) -> list[str]:
    """Return the columns of 0 and 1, if they are so many that they may be one feature."""
    found = [c.name for c in columns if (c.low, c.high, c.distinct, c.number) == (0, 1, 2, 1)]
    return found if len(found) >= FLAGS else []


def _name(column: str) -> str:
    name = re.sub(r"[^\w-]+", "_", column).lstrip("-") or "feature"
    return f"my_{name}" if name in RESERVED else name


def _kind(column: ColumnFacts) -> str | None:
    """Return the kind of a feature, None of a column of which nothing is learned."""
    if column.separator:
        return "multi-valued"
    if column.is_number and column.distinct > FEW:
        return "numeric"
    different = column.distinct > max(FEW, DIFFERENT * column.filled)
    return None if different else "categorical"


def _feature(name: str, column: ColumnFacts, *, of_items: bool) -> str:
    kind = _kind(column)
    if kind is None:
        share = round(100 * column.distinct / column.filled)
        return f"# {name}: categorical # left out: {share} % of the values are different"
    keys = {"kind": kind, "column": column.name if column.name != name else None}
    keys["separator"] = column.separator if kind == "multi-valued" else None
    blank = column.filled < column.rows and not of_items
    given = {key: value for key, value in keys.items() if value is not None}
    given |= MAY_BE_BLANK if blank else {}
    number = column.is_number and kind == "categorical" and column.distinct > 2
    words = f"{UNSURE}{column.distinct} numbers, or numeric?" if number else ""
    return f"{name}: {flow(given) if len(given) > 1 else kind}{words}"
