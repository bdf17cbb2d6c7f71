"""Requests about new users, and their checks."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pipeline_lib.serving.units import Units
from pipeline_lib.settings.errors import did_you_mean
from pipeline_lib.settings.task import ClickTask


class RequestError(ValueError):
    """A request cannot be answered; the message names the user, what is wrong and what is right."""


@dataclass(frozen=True)
class UserRequest:
    """What is asked about a new user. profile: raw texts by column; None where unknown.

    support: the few interactions known so far, item and target. candidates: items to be scored;
    None for all that are known but those in the support.
    """

    user: str
    profile: Mapping[str, str | None] = field(default_factory=dict)
    support: Sequence[tuple[str, float]] = ()
    candidates: Sequence[str] | None = None


def check_requests(
    requests: Sequence[UserRequest],
    columns: Iterable[str],
    units: Units,
    offsets: Mapping[str, int],
) -> None:
    """Raise RequestError for the first request that cannot be answered.

    offsets: the known items by name; an item may have several.
    """
    allowed, seen = set(columns), set[str]()
    for request in requests:
        if not request.user.strip():
            raise RequestError("a user's name is blank; name every user")
        if request.user in seen:
            raise _wrong(request, "is asked about twice; put all of it into one request")
        seen.add(request.user)
        if unknown := sorted(request.profile.keys() - allowed):
            known = ", ".join(sorted(allowed)) or "none"
            there = f"{did_you_mean(unknown[0], allowed)}there are {known}"
            raise _wrong(request, f"has {unknown[0]!r}, which is no column; {there}")
        _check_items(request, "support", [item for item, _ in request.support], offsets)
        _check_items(request, "candidates", request.candidates or (), offsets)
        for item, target in request.support:
            _check_target(request, item, target, units)


def _check_items(
    request: UserRequest, where: str, items: Sequence[str], offsets: Mapping[str, int]
) -> None:
    names: dict[str | int, str] = {}
    for item in items:
        first = names.get(key := offsets.get(item, item))
        if first is not None:
            also = f", once as {first!r}" if first != item else ""
            raise _wrong(request, f"has item {item!r} twice among the {where}{also}; once will do")
        names[key] = item


def _check_target(request: UserRequest, item: str, target: float, units: Units) -> None:
    low, high = units.scale
    if isinstance(units.task, ClickTask) and target not in (low, high):
        raise _wrong(request, f"has {target:g} for item {item!r}; a click is 1, no click is 0")
    if not math.isfinite(target) or not low <= target <= high:
        raise _wrong(
            request, f"has {target:g} for item {item!r}; ratings go from {low:g} to {high:g}"
        )


def _wrong(request: UserRequest, what: str) -> RequestError:
    return RequestError(f"user {request.user!r} {what}")
