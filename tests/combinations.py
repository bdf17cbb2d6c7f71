"""Combinations of options: few that hold every pair of values, or all."""

from collections.abc import Hashable, Iterable
from itertools import combinations, product
from typing import Any

import pytest
from _pytest.mark import ParameterSet

Combination = tuple[Any, ...]


def pairwise(*options: Iterable[Hashable]) -> list[Combination]:
    """Choose combinations of one value per option that hold every pair of two options' values.

    Greedy: each one holds as many pairs as possible that none before it holds.
    """
    pairs = {c: {*combinations(enumerate(c), 2)} for c in product(*options)}
    missing, chosen = set[Any]().union(*pairs.values()), list[Combination]()
    while missing:
        chosen.append(max(pairs, key=lambda c: len(pairs[c] & missing)))
        missing -= pairs[chosen[-1]]
    return chosen


def each_combination(*options: Iterable[Hashable]) -> pytest.MarkDecorator:
    """Run a test on `combinations`: pairwise by default, all of them where it may be slow."""
    return pytest.mark.parametrize(
        "combinations",
        [
            pytest.param(pairwise(*options), id="pairwise"),
            pytest.param([*product(*options)], id="all", marks=pytest.mark.slow),
        ],
    )


def slow_but(values: Iterable[str], *fast: str) -> list[ParameterSet]:
    """Make values slow but those that hold some words."""
    return [
        pytest.param(value, marks=() if any(word in value for word in fast) else pytest.mark.slow)
        for value in values
    ]
