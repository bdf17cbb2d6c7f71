"""Check frames in memory as the workflow checks its clean tables."""

from dataclasses import dataclass

import pandera.polars as pa
import polars as pl
from pandera.errors import SchemaErrors

from pipeline_lib.schemas import clean
from pipeline_lib.schemas.columns import TIME
from pipeline_lib.settings.features import AnyFeature, Categorical, MultiValued, Numeric
from pipeline_lib.settings.task import Task


@dataclass(frozen=True)
class Frames:
    """Clean tables: users with `problem`, items, interactions; and the features' kinds."""

    users: pl.DataFrame
    items: pl.DataFrame
    interactions: pl.DataFrame
    user_features: dict[str, AnyFeature]
    item_features: dict[str, AnyFeature]

    @property
    def group_features(self) -> list[str]:
        """Return the user features by which major users differ from minor ones."""
        return [n for n, own in self.user_features.items() if isinstance(own, Categorical)]


def check_frames(
    interactions: pl.DataFrame, users: pl.DataFrame | None, items: pl.DataFrame | None, task: Task
) -> Frames:
    """Check the frames of `make_split`; raise ValueError that names frame, column and row."""
    timed = "time" in interactions.columns
    kinds = {"user": pl.String(), "item": pl.String(), "target": pl.Float32()}
    kinds |= {"time": TIME} if timed else {}
    rows = _checked(
        interactions, clean.interactions(task.scale, timed=timed), kinds, "interactions"
    )
    people = _side(users, rows["user"])
    things = _side(items, rows["item"])
    of_user, of_item = (_features(own.columns[1:], own) for own in (people, things))
    people = people.with_columns(pl.lit(None, pl.String).alias("problem"))
    return Frames(
        _checked(people, clean.users(of_user), {}, "users"),
        _checked(things, clean.items(of_item), {}, "items"),
        rows,
        of_user,
        of_item,
    )


def _checked(
    frame: pl.DataFrame, schema: pa.DataFrameSchema, kinds: dict[str, pl.DataType], what: str
) -> pl.DataFrame:
    """Return a frame with columns of these types; raise ValueError where it breaks its schema."""
    try:
        typed = frame.cast({name: kind for name, kind in kinds.items() if name in frame.columns})
        found: pl.DataFrame = schema.validate(typed, lazy=True)
    except pl.exceptions.PolarsError as error:
        raise ValueError(f"{what}: {error}") from error
    except SchemaErrors as error:
        first = error.failure_cases.select("column", "check", "failure_case", "index").row(0)
        column, check, value, row = first
        parts = {"row": row, "column": column}
        where = ", ".join(f"{part} {own}" for part, own in parts.items() if own is not None)
        raise ValueError(f"{what}: {where}: {check}: {value}; correct it") from error
    return found


def _side(given: pl.DataFrame | None, named: pl.Series) -> pl.DataFrame:
    """Return users or items; without any, those of the interactions.

    Numbers become floats. Raises ValueError where one of the interactions is missing.
    """
    key = named.name
    if given is None:
        return named.unique().sort().to_frame()
    if key not in given.columns:
        raise ValueError(f"{key}s: there is no column {key!r}; add it")
    named_by_text = given.select(pl.col(key).cast(pl.String), pl.exclude(key))
    frame = named_by_text.cast(
        {pl.selectors.boolean(): pl.String, pl.selectors.numeric(): pl.Float64}
    )
    if not (lost := named.filter(~named.is_in(frame[key].implode()))).is_empty():
        raise ValueError(f"{key}s: {key} {lost[0]!r} of the interactions has no row; add it")
    return frame


def _features(names: list[str], frame: pl.DataFrame) -> dict[str, AnyFeature]:
    """Return the kind of each feature by its column's type."""
    return {name: _kind(frame.schema[name]) for name in names}


def _kind(dtype: pl.DataType) -> AnyFeature:
    if dtype.is_numeric():
        return Numeric(kind="numeric")
    if isinstance(dtype, pl.List):
        return MultiValued(kind="multi-valued", separator="|")
    return Categorical(kind="categorical")
