"""Check settings, and explain in words what is wrong and how to write it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, Tag, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

OF_KEY = "[key]"  # pydantic's last part where a key, not its value, is wrong
S = TypeVar("S", bound=BaseModel)

# What a value must be, by pydantic's type of finding; of other types, its message says it.
WORDS = {
    "string_type": "be a text",
    "string_too_short": "not be empty",
    "int_type": "be a whole number",
    "int_parsing": "be a whole number",
    "int_from_float": "be a whole number",
    "float_type": "be a number",
    "float_parsing": "be a number",
    "tuple_type": "be a list in [ ]",
    "model_type": "hold `key: value` lines",
    "dict_type": "hold `key: value` lines",
}
# What a text must be, by its pattern.
PATTERNS = {
    r"^\w[\w-]*$": "be letters, digits, - and _ alone",
    r"^\w[\w.-]*$": "be a plain name without folders",
    r"^\w[\w.-]*/?$": "be a plain name without folders",
    r"^https?://": "start with https:// or http://",
    r"^[0-9a-f]{64}$": "be 64 of the digits 0 to 9 and a to f",
}


class SettingsError(Exception):
    """A setting is unknown, of the wrong type or names something that does not exist."""


def validate(model: type[S], raw: Mapping[str, Any], source: str) -> S:
    """Check raw values against a model; raise SettingsError with `source` and the key."""
    try:
        return model.model_validate(dict(raw))
    except ValidationError as error:
        raise _explain(error, model, raw, source) from error


def unknown(name: str, what: str, known: Iterable[str]) -> str:
    """Return the words for a `name` that is not a known `what`, with the nearest known one."""
    names = sorted(known)
    return f"unknown {what} {name!r}; {did_you_mean(name, names)}Known: {', '.join(names)}"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the question after the known name nearest to `name` in any case, "" if none is."""
    folded = {own.casefold(): own for own in known}
    near = get_close_matches(name.casefold(), folded, n=1, cutoff=0.4)
    return f"did you mean {folded[near[0]]!r}? " if near else ""


@dataclass(frozen=True)
class Location:
    """Where in a settings file a finding is.

    keys: from the top of the file. siblings: the keys known beside the last one. example: a right
    `key: value`, of the last key or of the one that holds it.
    """

    keys: list[str]
    siblings: list[str]
    example: str | None


def locate(model: type[BaseModel], loc: Sequence[int | str]) -> Location:
    """Return the location that pydantic's `loc` names; tags of unions in it are no keys."""
    here: Any = model
    keys: list[str] = []
    siblings: list[str] = []
    example: str | None = None
    for part in loc[:-2] if loc and loc[-1] == OF_KEY else loc:
        tagged = _tagged(here, part)
        if tagged is not None:
            here = tagged
            continue
        fields = _fields(here)
        field = fields.get(str(part))
        keys.append(str(part))
        siblings = list(fields)
        if fields:
            example = _example(keys[-1], field)
        here = field.annotation if field else _element(here)
    return Location(keys, siblings, example)


def _explain(
    error: ValidationError, model: type[BaseModel], raw: Mapping[str, Any], source: str
) -> SettingsError:
    findings = error.errors()
    within = {finding["loc"][:n] for finding in findings for n in range(len(finding["loc"]))}
    return SettingsError(
        "\n".join(
            f"{source}: {_line(finding, _as_written(locate(model, finding['loc']), raw))}"
            for finding in findings
            # A list is also "too short" when the only thing in it is wrong.
            if not (finding["type"] == "too_short" and finding["loc"] in within)
        )
    )


def _as_written(location: Location, raw: Any) -> Location:  # noqa: ANN401
    """Leave out the number of the one thing that is written without a list."""
    keys = []
    for key in location.keys:
        if key.isdigit() and isinstance(raw, Mapping) and key not in raw:
            continue
        keys.append(key)
        raw = raw.get(key) if isinstance(raw, Mapping) else _nth(raw, key)
    return replace(location, keys=keys)


def _nth(values: object, key: str) -> object:
    inside = isinstance(values, list | tuple) and key.isdigit() and int(key) < len(values)
    return values[int(key)] if inside else None  # type: ignore[index]


def _line(finding: ErrorDetails, location: Location) -> str:
    key, kind = ".".join(location.keys), finding["type"]
    if kind == "extra_forbidden":
        *parents, last = location.keys
        where = f"{'.'.join(parents)}: " if parents else ""
        return where + unknown(last, "key", location.siblings)
    problem = _problem(finding) + _quotes(finding["input"], kind)
    # The message of a model's own check says how to put it right.
    own = kind == "unknown_kind" or (kind == "value_error" and isinstance(finding["input"], dict))
    form = location.example
    if kind == "tuple_type" and form is None:
        form = f"{location.keys[-1]}: [{finding['input']}]"
    example = f"; write for example `{form}`" if form and not own else ""
    return f"{key}: {problem}{example}" if key else problem + example


def _problem(finding: ErrorDetails) -> str:
    kind, given = finding["type"], finding["input"]
    if kind == "missing":
        more = "more values are needed" if isinstance(finding["loc"][-1], int) else "add it"
        return f"missing; {more}"
    if kind == "value_error":
        return str(finding["ctx"]["error"])
    if kind == "unknown_kind":
        return _kind(given) + finding["msg"]
    what = f"the name {given!r} must" if finding["loc"][-1] == OF_KEY else "must"
    asked = _asked(finding).removesuffix(" after validation")
    if finding["loc"][-1] == OF_KEY or isinstance(given, dict):
        return f"{what} {asked}"
    return f"{what} {asked}, but is {'empty' if given is None else repr(given)}"


def _asked(finding: ErrorDetails) -> str:
    kind, context = finding["type"], finding.get("ctx", {})
    if kind == "string_pattern_mismatch":
        return PATTERNS.get(context["pattern"], f"be like {context['pattern']}")
    if kind in ("too_short", "too_long"):
        bound = "at least" if kind == "too_short" else "at most"
        number = context["min_length" if kind == "too_short" else "max_length"]
        return f"hold {bound} {number} value{'s' if number > 1 else ''}"
    message = finding["msg"]
    for start in ("Input should ", "String should ", "Value should "):
        message = message.removeprefix(start)
    return WORDS.get(kind, message)


def _kind(given: object) -> str:
    """Return the words for the kind that was given, if one was."""
    kind = given.get("kind") if isinstance(given, dict) else None
    return f"unknown kind {kind!r}: " if kind is not None else ""


def _quotes(given: object, kind: str) -> str:
    """Return how to write a text that YAML takes for something else."""
    parts = given if isinstance(given, list | tuple) else [given]
    if kind != "unknown_kind" and any(isinstance(part, bool) for part in parts):
        return '; if a text is meant, put it in quotes: "no"'
    if kind == "string_type" and isinstance(given, int | float | date):
        return f'; put it in quotes: "{given}"'
    if kind == "string_type" and given is None:
        return '; if the text NULL or ~ is meant, put it in quotes: "NULL"'
    return ""


def _options(annotation: Any) -> list[Any]:  # noqa: ANN401
    """Return the options of a union, each with its tag; what is no union is one option."""
    if get_origin(annotation) in (Union, UnionType):
        return [option for one in get_args(annotation) for option in _options(one)]
    if get_origin(annotation) is Annotated and _tag(annotation) is None:
        return _options(get_args(annotation)[0])
    return [annotation]


def _tag(annotation: Any) -> str | None:  # noqa: ANN401
    metadata = getattr(annotation, "__metadata__", ())
    return next((mark.tag for mark in metadata if isinstance(mark, Tag)), None)


def _tagged(annotation: Any, part: int | str) -> Any:  # noqa: ANN401
    options = _options(annotation)
    return next((get_args(option)[0] for option in options if _tag(option) == part), None)


def _fields(annotation: Any) -> dict[str, FieldInfo]:  # noqa: ANN401
    for option in _options(annotation):
        if isinstance(option, type) and issubclass(option, BaseModel):
            return option.model_fields
    return {}


def _element(annotation: Any) -> Any:  # noqa: ANN401
    for option in _options(annotation):
        if arguments := [a for a in get_args(option) if a is not Ellipsis]:
            return arguments[-1]
    return None


def _example(key: str, field: FieldInfo | None) -> str | None:
    return f"{key}: {field.examples[0]}" if field and field.examples else None
