"""Find the place in a settings file that a finding is about."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, Tag
from pydantic.fields import FieldInfo

OF_KEY = "[key]"  # pydantic's last part where a key, not its value, is wrong


@dataclass(frozen=True)
class Place:
    """Keys from the top of the file, the keys known beside the last, and a right form of it.

    example: `key: value`, of the last key or of the one that holds it.
    """

    keys: list[str]
    siblings: list[str]
    example: str | None


def locate(model: type[BaseModel], loc: Sequence[int | str]) -> Place:
    """Follow one of pydantic's locations; the tags of unions in it are no keys."""
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
    return Place(keys, siblings, example)


def _options(annotation: Any) -> Iterable[Any]:  # noqa: ANN401
    if get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        yield from (
            _options(inner) if not any(isinstance(m, Tag) for m in metadata) else [annotation]
        )
    elif get_origin(annotation) in (Union, UnionType):
        for option in get_args(annotation):
            yield from _options(option)
    else:
        yield annotation


def _tagged(annotation: Any, part: int | str) -> Any:  # noqa: ANN401
    for option in _options(annotation):
        if get_origin(option) is Annotated:
            inner, *metadata = get_args(option)
            if any(isinstance(m, Tag) and m.tag == part for m in metadata):
                return inner
    return None


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
