"""The kinds of features of users and items."""

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, PositiveFloat, Tag, model_validator

from pipeline_lib.settings.columns import Cleaning, Column, Rising, Text
from pipeline_lib.settings.strict import Name, Strict, by_kind

Missing = Literal["drop", "unknown"]
FORMS = """\
`gender: categorical`, `genres: {kind: multi-valued, separator: "|"}` (items only), \
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
    """Several values in one text, each cleaned by itself; their embeddings are averaged."""

    kind: Literal["multi-valued"]
    column: Text | None = Field(None, examples=["genres"])
    separator: Annotated[str, Field(min_length=1)] = Field(
        description="What stands between two values.", examples=['"|"']
    )


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
_OfBoth = (
    Annotated[Categorical, Tag("categorical")]
    | Annotated[Bucketed, Tag("bucketed")]
    | Annotated[Numeric, Tag("numeric")]
)
_OfUser = Annotated[
    _OfBoth,
    by_kind(f"a user's feature is categorical, bucketed or numeric; write for example {FORMS}"),
]
_OfItem = Annotated[
    _OfBoth | Annotated[MultiValued, Tag("multi-valued")],
    by_kind(f"an item's feature is categorical, bucketed, numeric or multi-valued; write {FORMS}"),
]


def _kind_alone(value: object) -> object:
    return {"kind": value} if isinstance(value, str) else value


# In YAML the kind alone is enough.
UserFeature = Annotated[
    _OfUser, BeforeValidator(_kind_alone, json_schema_input_type=Named | _OfUser)
]
ItemFeature = Annotated[
    _OfItem, BeforeValidator(_kind_alone, json_schema_input_type=Named | _OfItem)
]
AnyFeature = Categorical | Bucketed | Numeric | MultiValued
