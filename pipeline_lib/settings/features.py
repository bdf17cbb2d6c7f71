"""The kinds of features of users and items."""

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, PositiveFloat, Tag, model_validator

from pipeline_lib.settings.columns import Cleaning, Column, Rising, Text
from pipeline_lib.settings.strict import Name, Several, Strict, by_kind

Missing = Literal["drop", "unknown"]
FORMS = """\
`gender: categorical`, `genres: {kind: multi-valued, separator: "|"}`, \
`price: numeric` or `age: {kind: bucketed, edges: [18, 25, 35]}`"""


class Feature(Strict):
    """The settings that every feature has."""

    missing: Missing = Field(
        "drop",
        description="drop: a user whose value is blank or wrong is dropped (Yu et al. 2021, "
        "step 3); unknown: the value counts as unknown. Items are never dropped.",
    )


class Categorical(Feature, Column):
    """A feature with one of several values, each with an embedding."""

    kind: Literal["categorical"]


class Bucketed(Feature, Column):
    """A number, put into buckets; each bucket has an embedding."""

    kind: Literal["bucketed"]
    edges: Rising = Field(
        description="Where a bucket ends and the next begins: [18, 25] makes below 18, 18 to "
        "below 25, and 25 and above.",
        examples=["[18, 25, 35, 50]"],
    )


class MultiValued(Feature, Cleaning):
    """Several values, each cleaned by itself; their embeddings are averaged.

    They stand in one text, or are the names of columns that hold 1, not 0.
    """

    kind: Literal["multi-valued"]
    column: Text | None = Field(None, examples=["genres"])
    separator: Annotated[str, Field(min_length=1)] | None = Field(
        None, description="What stands between two values in one text.", examples=['"|"']
    )
    flags: Several[Text] | None = Field(
        None,
        description="Columns of 0 and 1 instead of one text; the names of those with 1 are values.",
        examples=["[action, comedy, drama]"],
    )

    @model_validator(mode="after")
    def _check_form(self) -> Self:
        if (self.separator is None) == (self.flags is None):
            raise ValueError(
                'needs either `separator`, as `{kind: multi-valued, separator: "|"}`, or `flags`, '
                "as `{kind: multi-valued, flags: [action, comedy]}`"
            )
        if self.flags and self.column:
            raise ValueError("column: the columns are those of `flags`; take it out")
        return self


class Numeric(Feature, Column):
    """A number, standardised on training rows; it scales one embedding.

    It is read from a raw column, or computed by one of `rate`, `log` and `product`.
    """

    kind: Literal["numeric"]
    rate: Literal["target", "events"] | None = Field(
        None,
        description="target: the item's mean target over training users' rows; events: the share "
        "of hits among training users' events of the item's group. Both shrunk to the mean.",
        examples=["target"],
    )
    smoothing: PositiveFloat = Field(
        20.0, description="Of a rate: how many rows of average the mean of all is worth."
    )
    log: Name | None = Field(
        None, description="The feature whose natural logarithm it is.", examples=["price"]
    )
    product: Annotated[tuple[Name, ...], Field(min_length=2)] | None = Field(
        None, description="The features whose product it is.", examples=["[ctr, price]"]
    )

    @property
    def parents(self) -> tuple[str, ...]:
        """Return the features it is computed from."""
        return (self.log,) if self.log else self.product or ()

    @property
    def derived(self) -> bool:
        """Return whether it is computed, not read."""
        return bool(self.rate or self.parents)

    @model_validator(mode="after")
    def _check_source(self) -> Self:
        given = [n for n in ("column", "rate", "log", "product") if getattr(self, n) is not None]
        if len(given) > 1:
            raise ValueError(f"a numeric feature has one source, not {' and '.join(given)}")
        fields = Column.model_fields
        idle = [n for n in fields if n != "column" and getattr(self, n) != fields[n].default]
        if self.derived and idle:
            raise ValueError(
                f"{', '.join(idle)}: of values in a raw column, but these are computed; take it out"
            )
        return self


Named = Literal["categorical", "numeric"]
_Any = Annotated[
    Annotated[Categorical, Tag("categorical")]
    | Annotated[Bucketed, Tag("bucketed")]
    | Annotated[Numeric, Tag("numeric")]
    | Annotated[MultiValued, Tag("multi-valued")],
    by_kind(f"a feature is categorical, bucketed, numeric or multi-valued; write {FORMS}"),
]


def _kind_alone(value: object) -> object:
    return {"kind": value} if isinstance(value, str) else value


# In YAML the kind alone is enough.
SomeFeature = Annotated[_Any, BeforeValidator(_kind_alone, json_schema_input_type=Named | _Any)]
AnyFeature = Categorical | Bucketed | Numeric | MultiValued


def raw_columns(name: str, feature: AnyFeature) -> tuple[str, ...]:
    """Return the raw columns that the feature of this name is read from."""
    if isinstance(feature, MultiValued) and feature.flags:
        return feature.flags
    return (feature.column or name,)
