"""Settings of raw columns: how their texts are cleaned, and which values are right."""

import re
import sys
from datetime import UTC, datetime
from itertools import pairwise
from math import isfinite
from typing import Annotated, Literal, Self

import polars as pl
from pydantic import AfterValidator, BeforeValidator, Field, PositiveFloat, model_validator

from pipeline_lib.settings.strict import Several, Strict

NUMBER = r"^[+-]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"


def _compiles(pattern: str) -> str:
    """Return a pattern that compiles in Polars, whose dialect is not Python's."""
    try:
        pl.Series([""]).str.contains(pattern)
    except pl.exceptions.ComputeError as error:
        found = re.search(r"^error: (.*)", str(error), re.MULTILINE)
        reason = found[1] if found else str(error)
        raise ValueError(f"`{pattern}` is not a regular expression: {reason}") from error
    return pattern


def _has_group(pattern: str) -> str:
    groups = pl.Series([""]).str.extract_groups(pattern)
    if not groups.struct.fields:
        raise ValueError(f"`{pattern}` has no group; put what is to be kept in ( )")
    return pattern


def _as_text(value: object) -> object:
    """Return "18" for 18: a number in YAML stands for the text."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value).removesuffix(".0")
    return value


def _rising(values: tuple[float, ...]) -> tuple[float, ...]:
    if any(low >= high for low, high in pairwise(values)):
        raise ValueError(f"must rise, but is {list(values)}")
    return values


def number_of(text: str) -> float | None:
    """Return the number that a text is, as `4`, `4.0`, `.5` or `4e0`; None for a code such as `04`.

    None, too, for a number of more digits than a float holds, which is compared as a text.
    """
    if not re.fullmatch(NUMBER, text):
        return None
    digits = re.sub(r"[eE].*|[^0-9]", "", text).strip("0")
    return float(text) if len(digits) <= sys.float_info.dig and isfinite(float(text)) else None


def _unambiguous(replace: dict[str, str]) -> dict[str, str]:
    numbers: dict[float, str] = {}
    for key, value in replace.items():
        if (number := number_of(key)) is not None:
            first = numbers.setdefault(number, key)
            if replace[first] != value:
                raise ValueError(f"{first} and {key} are the same number; keep one of the two")
    return replace


def _in_utc(time: datetime) -> datetime:
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


Moment = Annotated[datetime, AfterValidator(_in_utc)]
Regex = Annotated[str, Field(min_length=1), AfterValidator(_compiles)]
Text = Annotated[str, BeforeValidator(_as_text, json_schema_input_type=str | float)]
Range = Annotated[tuple[float, float], AfterValidator(_rising)]
Rising = Annotated[tuple[float, ...], Field(min_length=1), AfterValidator(_rising)]


class Cleaning(Strict):
    """The steps that make a value of a raw text, in the order of the fields."""

    entities: Literal["html", "none"] = Field(
        "none", description="html: read &amp; and the like as the characters they stand for."
    )
    extract: Annotated[Regex, AfterValidator(_has_group)] | None = Field(
        None, description="Only what the first group matches is kept.", examples=[r"\((\d{4})\)$"]
    )
    remove: Regex | None = Field(None, description="What is cut out.", examples=[r"\s*\(.*\)$"])
    case: Literal["lower", "upper"] | None = Field(
        None, description="In which case all letters are put.", examples=["lower"]
    )
    replace: Annotated[dict[Text, Text], AfterValidator(_unambiguous)] = Field(
        {},
        description="Whole values to others; to '' makes them blank. A number stands for all ways "
        "to write it. A target that is none of them is rejected, unless all others are blank.",
        examples=["{u.s.a.: usa, unknown: ''}"],
    )


class Column(Cleaning):
    """A raw column: its name, how its texts are cleaned, and which values are right.

    column: the name; None: the name of the setting.
    """

    column: Text | None = Field(None, examples=["customer_id"])
    pattern: Regex | None = Field(
        None, description="What a right value matches.", examples=[r"^\d{5}$"]
    )
    values: Several[Text] | None = Field(None, description="The right values.", examples=["[F, M]"])
    between: Range | None = Field(
        None, description="Lowest and highest right number.", examples=["[10, 100]"]
    )
    meaning: str | None = Field(
        None, description="What a right value is, in words; for the report.", examples=["an ISBN"]
    )

    @model_validator(mode="after")
    def _check_meaning(self) -> Self:
        if self.meaning and not self.pattern:
            raise ValueError("meaning says in words what `pattern` asks for; add a pattern")
        return self


class Target(Column):
    """The column of the target, and how what is learned is made of its values."""

    constant: float | None = Field(
        None, description="The target of every row; no column is read.", examples=["1"]
    )
    at_least: float | None = Field(
        None, description="click: the lowest number that is a click; lower ones are none."
    )
    clicks: Several[Text] | None = Field(
        None,
        description="click: the values that are clicks; all others are none.",
        examples=["[buy, cart]"],
    )
    divide: PositiveFloat = Field(1, description="rating: what numbers are divided by.")
    transform: Literal["log1p"] | None = Field(
        None, description="rating: log1p, the natural logarithm of 1 + the number."
    )

    @property
    def is_rescaled(self) -> bool:
        """Return whether ratings are learned on another scale than the raw one."""
        return self.divide != 1 or self.transform is not None

    @property
    def makes_clicks(self) -> bool:
        """Return whether clicks are made of other values."""
        return self.at_least is not None or self.clicks is not None

    @model_validator(mode="after")
    def _check_rules(self) -> Self:
        given = [n for n in ("constant", "at_least", "clicks") if getattr(self, n) is not None]
        if len(given) > 1:
            raise ValueError(f"a target has one rule, not {' and '.join(given)}; take one out")
        fields = type(self).model_fields
        others = [n for n in fields if getattr(self, n) != fields[n].default and n != "constant"]
        if self.constant is not None and others:
            raise ValueError(f"constant: no column is read; take {', '.join(others)} out")
        return self


class Time(Column):
    """A raw column of points in time; without an offset they are in UTC."""

    unit: Literal["seconds", "milliseconds", "iso"] = Field(
        description="seconds, milliseconds: since 1970-01-01; iso: as 2020-01-31, "
        "2020-01-31 23:59:59 or 2020-01-31T23:59:59+01:00.",
        examples=["seconds"],
    )
    since: Moment | None = Field(
        None, description="Earlier rows are rejected.", examples=["2020-01-01"]
    )
    until: Moment | None = Field(
        None, description="Rows from then on are rejected.", examples=["2021-01-01"]
    )

    @model_validator(mode="after")
    def _check_span(self) -> Self:
        if self.since and self.until and self.since >= self.until:
            raise ValueError("since must be earlier than until, or no row is left")
        return self


def _named(value: object) -> object:
    return {"column": value} if isinstance(value, str) else value


KeyColumn = Annotated[Column, BeforeValidator(_named, json_schema_input_type=str | Column)]
TargetColumn = Annotated[Target, BeforeValidator(_named, json_schema_input_type=str | Target)]
