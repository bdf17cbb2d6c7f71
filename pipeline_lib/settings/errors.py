"""Turn pydantic's findings into lines a person can act on."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

S = TypeVar("S", bound=BaseModel)


class SettingsError(Exception):
    """A setting is unknown, of the wrong type or names something that does not exist."""


def validate(model: type[S], raw: Mapping[str, Any], source: str) -> S:
    """Check raw values against a model; raise SettingsError naming `source` and the key."""
    try:
        return model.model_validate(dict(raw))
    except ValidationError as error:
        raise _explain(error, model, source) from error


def unknown(name: str, what: str, known: Iterable[str]) -> str:
    """Say that `name` is no known `what`, and which valid name is nearest."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"unknown {what} {name!r}; {hint}Known: {', '.join(names)}"


def _explain(error: ValidationError, model: type[BaseModel], source: str) -> SettingsError:
    findings = error.errors()
    within = {finding["loc"][:-1] for finding in findings}
    return SettingsError(
        "\n".join(
            f"{source}: {_line(finding, model)}"
            for finding in findings
            # A list is also "too short" when the only thing in it is wrong.
            if not (finding["type"] == "too_short" and finding["loc"] in within)
        )
    )


def _line(finding: ErrorDetails, model: type[BaseModel]) -> str:
    *parents, last = finding["loc"] or ("",)
    key = ".".join(map(str, finding["loc"]))
    if finding["type"] == "extra_forbidden":
        where = f"{'.'.join(map(str, parents))}: " if parents else ""
        return where + unknown(str(last), "key", _model_at(model, parents).model_fields)
    if finding["type"] == "missing":
        return f"{key}: missing; add it"
    if finding["type"] == "value_error":
        problem = str(finding["ctx"]["error"])
        return f"{key}: {problem}" if key else problem
    if finding["type"] == "tuple_type":
        return f"{key}: must be a list, like [{finding['input']}]"
    given = "" if isinstance(finding["input"], dict) else f", but is {finding['input']!r}"
    return f"{key}: {finding['msg']}{given}" if key else f"{finding['msg']}"


def _model_at(model: type[BaseModel], path: list[int | str]) -> type[BaseModel]:
    for part in path:
        inner = model.model_fields[str(part)].annotation
        assert isinstance(inner, type)  # noqa: S101  # only a nested model can forbid a key
        model = inner
    return model
