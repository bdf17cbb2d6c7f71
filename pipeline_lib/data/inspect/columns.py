"""Find what a raw column may be, from its name and its values."""

import re
from dataclasses import dataclass

import numpy as np
import polars as pl

NAMES = {
    "user": r"user|customer|member|visitor|client|listener|reader|reviewer|person|account|uid",
    "item": r"item|movie|film|product|book|isbn|article|song|track|artist|video|game|asin|sku|anime"
    r"|recipe|business|adgroup|iid",
    "target": r"rating|stars?|score|target|label|click|(?<!non)clk|play|count|listen|weight|event"
    r"|btag|action|behaviou?r|value|purchase|grade|likes?",
    "time": r"time|date|(^|[_.])ts$|timestamp|day|month|year|created|when",
}
LIST_SEPARATORS = ("|", ";", ",")
# Seconds since 1970 from 1990 to 2050; milliseconds are a thousand times as many.
EPOCH = (631_152_000, 2_524_608_000)


@dataclass(frozen=True)
class ColumnFacts:
    """A column: its name, how many rows have a text, how many different ones.

    number: of those texts, the share of numbers. low, high, median: of the numbers. whole, halves:
    whether all are whole, or whole times a half. separator: what stands between several values.
    """

    name: str
    rows: int
    filled: int
    distinct: int
    number: float
    low: float
    high: float
    median: float
    whole: bool
    halves: bool
    separator: str | None

    def is_like(self, role: str) -> bool:
        """Return whether the name is usual for a role."""
        last = self.name.rpartition(".")[2]
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", self.name if role != "target" else last)
        return re.search(NAMES[role], words, re.IGNORECASE) is not None

    @property
    def is_number(self) -> bool:
        """Return whether the values are numbers, but for some."""
        return self.number > 0.95

    @property
    def is_unique(self) -> bool:
        """Return whether no value, or hardly one, is there twice."""
        return self.distinct >= 0.99 * self.filled > 0

    @property
    def epoch(self) -> str | None:
        """Return the unit of numbers most of which may be times since 1970."""
        if not self.is_number:
            return None
        units = {"seconds": 1, "milliseconds": 1000}
        found = (u for u, k in units.items() if EPOCH[0] * k <= self.median <= EPOCH[1] * k)
        return next(found, None)


def look_at(name: str, texts: pl.Series) -> ColumnFacts:
    """Compute what is known of a column from its texts."""
    filled = texts.str.strip_chars().replace("", None).drop_nulls()
    numbers = filled.cast(pl.Float64, strict=False).drop_nulls().drop_nans()
    numbers = numbers.filter(numbers.is_finite())
    values = numbers.to_numpy() if len(numbers) else np.zeros(1)
    return ColumnFacts(
        name=name,
        rows=len(texts),
        filled=len(filled),
        distinct=filled.n_unique(),
        number=len(numbers) / len(filled) if len(filled) else 0.0,
        low=float(values.min()),
        high=float(values.max()),
        median=float(np.median(values)),
        whole=bool((numbers == numbers.round()).all()),
        halves=bool((2 * numbers == (2 * numbers).round()).all()),
        separator=_list_separator(filled),
    )


def _list_separator(filled: pl.Series) -> str | None:
    """Return what stands between values that other rows share, None where rows have one value."""
    for separator in LIST_SEPARATORS:
        several = filled.str.contains(separator, literal=True)
        if several.sum() > 0.2 * len(filled):
            parts = filled.str.split(separator).explode().str.strip_chars()
            if parts.n_unique() < 0.2 * len(parts):
                return separator
    return None
