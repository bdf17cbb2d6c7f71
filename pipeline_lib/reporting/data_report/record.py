"""The record of what became of a dataset's rows, users, features and targets."""

from operator import not_
from typing import Self

from pydantic import BaseModel, Field, NonNegativeInt, model_validator

from pipeline_lib.partition.summary import ColdBorder, NegativeCount
from pipeline_lib.settings.partition import Partition
from pipeline_lib.settings.task import Task


class Example(BaseModel):
    """A rejected raw row, its text cut where it is long."""

    line: int
    text: str


class Rejection(BaseModel):
    """The rows of a file that were rejected for one reason, the first of them as examples."""

    reason: str
    rows: NonNegativeInt
    examples: list[Example]


class FileRows(BaseModel):
    """One raw file's rows: read = kept + rejected."""

    file: str
    read: NonNegativeInt
    kept: NonNegativeInt
    rejected: NonNegativeInt
    reasons: list[Rejection]


class UserStep(BaseModel):
    """A step that drops users, by reason; left: those after it."""

    name: str
    dropped: dict[str, NonNegativeInt]
    left: NonNegativeInt


class Coverage(BaseModel):
    """How many of some users or items have a value of a feature, and how many values there are."""

    rows: NonNegativeInt
    known: NonNegativeInt
    values: NonNegativeInt


class FeatureValues(BaseModel):
    """One feature, over the clean users or items, and over those that are learned from.

    problems: what is wrong with the clean ones that have no value. common_value_share: of the
    users kept, those with a common value, where groups go by the feature.
    """

    name: str
    kind: str
    clean: Coverage
    kept: Coverage
    problems: dict[str, int]
    common_value_share: float | None = None


class Size(BaseModel):
    """The users of a group in a fold, and their support and query rows."""

    fold: str
    group: str
    users: NonNegativeInt
    support: NonNegativeInt
    query: NonNegativeInt


class Spread(BaseModel):
    """How many rows users have, over users; p5 is the 5 % quantile, interpolated."""

    users: NonNegativeInt
    mean: float
    min: float
    p5: float
    p25: float
    median: float
    p75: float
    p95: float
    max: float


class Bin(BaseModel):
    """How often values from `low` to `high`, both included, stand in the clean log and the split.

    Bins of numbers that are not whole leave `high` to the next one.
    """

    low: float
    high: float
    clean: NonNegativeInt
    kept: NonNegativeInt


class Histogram(BaseModel):
    """Bins in order; below, above: what is outside them."""

    bins: list[Bin]
    below: Bin | None = None
    above: Bin | None = None


class PerUser(BaseModel):
    """Interactions per user: in the clean log, in the split, and there in support and query."""

    clean: Spread
    kept: Spread
    support: Spread
    query: Spread
    histogram: Histogram


class DataReport(BaseModel):
    """One dataset from raw rows to folds and groups.

    clean: after cleaning. kept: what is left after the partition's steps, users with their
    interactions and the items these are with. sample: the logs are generated. of_paper: the dataset
    is one of the paper's, or made after one. protocol_notes: what the protocol left out, added or
    drew. also_trained_on: the users that `sizes` has in two folds.
    """

    dataset: str
    title: str
    licence: str
    sample: bool
    of_paper: bool
    task: Task
    rules: Partition
    split_sha256: str
    files: list[FileRows]
    clean_users: NonNegativeInt
    steps: list[UserStep]
    cold_border: ColdBorder | None
    negatives: NegativeCount | None = None
    protocol_notes: list[str] = Field([], exclude_if=not_)
    also_trained_on: NonNegativeInt = Field(0, exclude_if=not_)
    users: NonNegativeInt
    clean_items: NonNegativeInt
    items_without_row: NonNegativeInt
    items: NonNegativeInt
    clean_interactions: NonNegativeInt
    interactions: NonNegativeInt
    user_features: list[FeatureValues]
    item_features: list[FeatureValues]
    computed_features: list[str]
    features_left_out: list[str]
    users_by_group: dict[str, int]
    sizes: list[Size]
    per_user: PerUser
    targets: Histogram

    @model_validator(mode="after")
    def _check(self) -> Self:
        in_folds = sum(s.users for s in self.sizes) - self.also_trained_on
        if self.steps[-1].left != self.users or in_folds != self.users:
            raise ValueError(f"{self.dataset}: the counts of users do not add up")
        return self

    @property
    def grouping(self) -> list[FeatureValues]:
        """Return the features by which major users are told from minor ones."""
        return [f for f in self.user_features if f.common_value_share is not None]
