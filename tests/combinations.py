"""Combinations of options: few that hold every pair of values, or every three."""

from collections.abc import Hashable, Iterable
from functools import partial
from itertools import combinations, product
from typing import Any

import pytest

Combination = tuple[Any, ...]


def covering(strength: int, *options: Iterable[Hashable]) -> list[Combination]:
    """Choose combinations of one value per option that hold all values of any so many options.

    Greedy: each one holds as many choices as possible that none before it holds.
    """
    held = {c: {*combinations(enumerate(c), strength)} for c in product(*options)}
    missing, chosen = set[Any]().union(*held.values()), list[Combination]()
    while missing:
        chosen.append(max(held, key=lambda c: len(held[c] & missing)))
        missing -= held[chosen[-1]]
    return chosen


def each_combination(*options: Iterable[Hashable]) -> pytest.MarkDecorator:
    """Run a test on `combinations`: all pairs of values by default, all threes if it may be slow.

    A fixture chooses them when the test runs.
    """
    return pytest.mark.parametrize(
        "combinations",
        [
            pytest.param(partial(covering, 2, *options), id="pairs"),
            pytest.param(partial(covering, 3, *options), id="threes", marks=pytest.mark.slow),
        ],
        indirect=True,
    )
