"""Settings of a log that cleaning and encoding depend on: its tables, features and task."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from pipeline_lib.settings.errors import unknown
from pipeline_lib.settings.features import (
    AnyFeature,
    Categorical,
    Numeric,
    SomeFeature,
    raw_columns,
)
from pipeline_lib.settings.strict import Name, Strict
from pipeline_lib.settings.tables import EventTable, InteractionTable, ItemTable, Table, UserTable
from pipeline_lib.settings.task import ClickTask, Task

# Columns that tables between the rules have besides features.
RESERVED = {
    *("user", "item", "target", "line", "text", "problem", "failed", "column", "reason", "row"),
    *("misshapen", "count", "hash", "fold", "group", "event", "events", "hits", "trials"),
    "user_index",
    "constant",
}


def _check_name(side: str, name: str) -> None:
    if name in RESERVED:
        raise ValueError(
            f"{side}.{name}: the pipeline has a column of this name; choose another, and name the "
            f"raw column: `my_{name}: {{kind: categorical, column: {name}}}`"
        )


def _several(value: object) -> object:
    if isinstance(value, str):
        raise ValueError(  # noqa: TRY004 - pydantic takes no TypeError
            f"must hold `key: value` lines, or a list of such, but is {value!r}"
        )
    return [value] if isinstance(value, dict) else value


def _check_listed(side: str, tables: Sequence[Table], features: Mapping[str, AnyFeature]) -> None:
    """Raise ValueError if all tables list their columns, and a feature's is none of them."""
    if not all(table.columns for table in tables):
        return
    listed = [column for table in tables for column in table.columns or ()]
    for name, feature in features.items():
        for column in raw_columns(name, feature):
            if column not in listed:
                raise ValueError(f"{side}_features.{name}: {unknown(column, 'column', listed)}")


class LogSettings(Strict):
    """The settings of a dataset that cleaning and encoding depend on."""

    task: Task = Field(description="What is predicted.", examples=["{kind: rating, scale: [1, 5]}"])
    users: Annotated[
        tuple[UserTable, ...],
        BeforeValidator(_several, json_schema_input_type=UserTable | tuple[UserTable, ...]),
    ] = Field(
        (),
        description="The first file lists the users; others add features. Without any they are "
        "those of the interactions.",
        examples=["{file: users.csv, user: customer_id}"],
    )
    items: Annotated[
        tuple[ItemTable, ...],
        BeforeValidator(_several, json_schema_input_type=ItemTable | tuple[ItemTable, ...]),
    ] = Field(
        (),
        description="The first file lists the items; others add features. Without any they are "
        "those of the interactions.",
        examples=["{file: items.csv, item: product_id}"],
    )
    interactions: InteractionTable = Field(
        description="The file of ratings or clicks.",
        examples=["{file: ratings.csv, user: customer_id, item: product_id, target: stars}"],
    )
    events: EventTable | None = Field(None, description="For features with `rate: events`.")
    unknown_items: Literal["reject", "keep"] = Field(
        "reject",
        description="Interactions with items that no items file lists are rejected, or kept: all "
        "features of these items are then unknown.",
    )
    user_features: dict[Name, SomeFeature] = Field(
        {},
        description="What is known of users, by name; without any all users have one embedding.",
        examples=["{country: categorical}"],
    )
    item_features: dict[Name, SomeFeature] = Field(
        {},
        description="What is known of items, by name; without any it is the item's id.",
        examples=["{category: categorical}"],
    )

    @model_validator(mode="after")
    def _check_features(self) -> Self:
        for name, feature in self.user_features.items():
            _check_name("user_features", name)
            if isinstance(feature, Numeric) and feature.derived:
                raise ValueError(f"user_features.{name}: rate, log and product are for items")
        numbers: list[str] = []
        for name, of_item in self.item_features.items():
            _check_name("item_features", name)
            if isinstance(of_item, Numeric):
                self._check_source(f"item_features.{name}", of_item, numbers)
                numbers.append(name)
        return self

    def _check_source(self, where: str, feature: Numeric, above: Sequence[str]) -> None:
        if feature.rate == "events" and self.events is None:
            raise ValueError(
                f"{where}: rate: events needs `events`, the file that they are in; write for "
                "example `events: {file: events.csv, by: {category: category}, hits: [buy], "
                "trials: [view]}`"
            )
        for parent in feature.parents:
            if parent not in above:
                raise ValueError(
                    f"{where}: {parent} is no numeric item feature that stands above it; there "
                    + (f"are {', '.join(above)}" if above else "is none")
                )

    @model_validator(mode="after")
    def _check_target(self) -> Self:
        target, clicks = self.interactions.target, isinstance(self.task, ClickTask)
        if clicks and target.is_rescaled:
            raise ValueError("interactions.target: divide and transform are for ratings")
        if target.makes_clicks and not clicks:
            raise ValueError(
                "interactions.target: at_least and clicks make clicks; write `task: {kind: click}`"
            )
        if clicks and self.interactions.repeats in ("mean", "sum") and target.at_least is None:
            raise ValueError(
                f"interactions.repeats: a {self.interactions.repeats} of clicks is no click; write "
                "`repeats: highest`, or `at_least` in the target"
            )
        return self

    @model_validator(mode="after")
    def _check_presence(self) -> Self:
        first = {"items.0": self.items[0]} if self.items else {}
        one = len(self.users) == 1
        users = {"users" if one else f"users.{n}": table for n, table in enumerate(self.users)}
        needed = {**users, **first, "interactions": self.interactions}
        for where, table in needed.items():
            if table.presence == "optional":
                raise ValueError(
                    f"{where}.presence: only events and further files of items may be optional; "
                    "take it out"
                )
        return self

    @model_validator(mode="after")
    def _check_sources(self) -> Self:
        read = {"user": [*self.user_features], "item": [*self.read_features(self.item_features)]}
        for side, table in {"user": self.users, "item": self.items}.items():
            if read[side] and not table:
                raise ValueError(
                    f"{side}_features: {', '.join(read[side])} cannot be read without a file of "
                    f"{side}s; write for example `{side}s: {{file: {side}s.csv}}`"
                )
        if not self.items and self.unknown_items == "keep":
            raise ValueError("unknown_items: without a file of items none is unknown; take it out")
        return self

    @model_validator(mode="after")
    def _check_columns(self) -> Self:
        _check_listed("user", self.users, self.user_features)
        _check_listed("item", self.items, self.read_features(self.item_features))
        if len({table.blank for table in self.users}) > 1:
            raise ValueError(
                "users: all files must have the same `blank`, by which new users are read, too"
            )
        return self

    @model_validator(mode="after")
    def _check_events(self) -> Self:
        right = [n for n, f in self.item_features.items() if isinstance(f, Categorical)]
        if wrong := [name for name in self.event_groups if name not in right]:
            there = f"there are {', '.join(right)}" if right else "there is none"
            raise ValueError(
                f"events.by: {', '.join(wrong)} is no categorical item feature; {there}"
            )
        return self

    @property
    def timed(self) -> bool:
        """Return whether interactions have a time."""
        return self.interactions.time is not None

    @property
    def event_groups(self) -> tuple[str, ...]:
        """Return the item features by which events are counted."""
        return tuple(self.events.by) if self.events else ()

    def read_features(self, names: Iterable[str]) -> dict[str, AnyFeature]:
        """Return the item features among `names` that are read from a file, not computed."""
        features = {name: self.item_features[name] for name in names}
        return {n: f for n, f in features.items() if not (isinstance(f, Numeric) and f.derived)}

    def tables(self) -> dict[str, Table]:
        """Return the raw tables by role."""
        events = {"events": self.events} if self.events else {}
        listed = {**self.user_tables(), **self.item_tables()}
        return {**listed, "interactions": self.interactions, **events}

    def item_tables(self) -> dict[str, ItemTable]:
        """Return the tables of items by role: `items_1` and so on."""
        return {f"items_{n}": table for n, table in enumerate(self.items, start=1)}

    def user_tables(self) -> dict[str, UserTable]:
        """Return the tables of users by role: `users`, `users_2` and so on."""
        return {f"users_{n}" if n > 1 else "users": t for n, t in enumerate(self.users, start=1)}

    def raw_files(self, paths: Iterable[Path]) -> dict[str, Path]:
        """Return the raw files by role; they are among these paths or in one that is a folder."""
        names = {role: table.file.rstrip("/") for role, table in self.tables().items()}
        found = {path.name: path for path in paths}
        folders = [path for path in found.values() if path.is_dir()]
        for folder in (path for path in folders if path.name not in names.values()):
            found |= {path.name: path for path in folder.iterdir()}
        return {role: found[name] for role, name in names.items() if name in found}
