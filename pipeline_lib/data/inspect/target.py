"""Describe the target, and the task that it makes."""

import math
import re
from dataclasses import dataclass

from pipeline_lib.data.inspect.columns import ColumnFacts
from pipeline_lib.data.inspect.roles import Seen
from pipeline_lib.data.inspect.words import UNSURE, flow
from pipeline_lib.settings.task import LARGEST

CLICKS = re.compile(r"buy|bought|purchase|click|order|like|play|watch|listen", re.IGNORECASE)


@dataclass(frozen=True)
class Described:
    """The YAML of a task and of its target, how repeats count, whether rows without click miss."""

    task: str
    target: str
    repeats: str | None
    negatives: bool = False


def describe_target(log: Seen, target: ColumnFacts | None) -> Described:
    """Return the YAML of the target, which may be None, as where each row is a click."""
    if target is None or target.distinct < 2:
        words = "no column is like a rating or an event, so each row is a click"
        return Described("{kind: click}", f"{{constant: 1}}{UNSURE}{words}", None, negatives=True)
    name = flow(target.name)
    if not target.is_number:
        values = sorted(log.raw.rows[target.name].drop_nulls().unique())
        clicks = flow([value for value in values if CLICKS.search(value)] or values[:1])
        words = f"which of {', '.join(values)} are clicks?"
        return Described(
            "{kind: click}", f"{{column: {name}, clicks: {clicks}}}{UNSURE}{words}", "highest"
        )
    if (target.low, target.high, target.distinct) == (0, 1, 2):
        return Described("{kind: click}", name, "highest")
    if max(-target.low, target.high) > LARGEST:
        return _too_large(target, name)
    step = "" if target.whole or not target.halves else ", step: 0.5"
    scale = f"{{kind: rating, scale: [{target.low:g}, {target.high:g}]{step}}}"
    return Described(f"{scale}{UNSURE}the lowest and highest of {target.filled:,}", name, "last")


def _too_large(target: ColumnFacts, name: str) -> Described:
    """Return the YAML of counts, or of other numbers that must be rescaled."""
    words = f"{UNSURE}{target.low:,.10g} to {target.high:,.10g} found in {target.filled:,}"
    if target.low >= 0:
        scale = f"{{kind: rating, scale: [0, {math.ceil(math.log1p(target.high))}]}}"
        rule = f"{{column: {name}, transform: log1p}}{UNSURE}or at_least, which makes clicks"
        return Described(f"{scale}{words}", rule, "sum")
    divisor = 10 ** math.ceil(math.log10(max(-target.low, target.high) / LARGEST))
    low, high = target.low / divisor, target.high / divisor
    scale = f"{{kind: rating, scale: [{low:g}, {high:g}]}}"
    return Described(f"{scale}{words}", f"{{column: {name}, divide: {divisor}}}", "last")
