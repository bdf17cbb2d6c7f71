"""Settings of a log's raw tables: their files, the layout of these, and the key columns."""

from pathlib import PurePath
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from pipeline_lib.settings.columns import Column, KeyColumn, Target, TargetColumn, Text, Time
from pipeline_lib.settings.errors import unknown
from pipeline_lib.settings.strict import Several, Strict

FileName = Annotated[str, Field(pattern=r"^\w[\w.-]*$")]
RawName = Annotated[str, Field(pattern=r"^\w[\w.-]*/?$")]
Repeats = Literal["first", "last", "highest", "mean", "sum"]
JSON = (".jsonl", ".ndjson", ".json")
DELIMITED_ONLY = ("separator", "quotes")
TEXT_ONLY = ("separator", "quotes", "encoding", "columns")
PACKED = (".gz", ".bz2", ".xz", ".zst", ".zip")
SEPARATORS = {".csv": ",", ".tsv": "\t"}


def _known_encoding(name: str) -> str:
    try:
        "".encode(name)
    except LookupError as error:
        raise ValueError(f"unknown encoding {name!r}") from error
    return name


class Table(Strict):
    """A raw file: delimited text, JSON lines or Parquet, told by its name; it may be compressed."""

    file: RawName = Field(
        description="Its name in the folder: .parquet is Parquet, as are all files of a folder "
        "with that name or one that ends in /; .jsonl, .ndjson and .json are JSON lines.",
        examples=["users.csv"],
    )
    presence: Literal["required", "optional"] = Field(
        "required", description="optional: where the file is missing, what it holds is left out."
    )
    separator: Annotated[str, Field(min_length=1)] | None = Field(
        None,
        description="What stands between two columns; without it a comma in .csv, a tab in .tsv.",
        examples=['"::"'],
    )
    quotes: Literal["doubled", "backslash", "none"] | None = Field(
        None,
        description='How a " within quotes is written: "" (doubled) or \\" (backslash); none: '
        "quotes mean nothing. Without it doubled, or none where the separator is longer than one "
        "character.",
    )
    encoding: Annotated[str, AfterValidator(_known_encoding)] = Field(
        "utf-8", description="Any that Python has.", examples=["latin-1"]
    )
    columns: Several[Text] | None = Field(
        None,
        description="The columns' names in order, for a file without a line of names.",
        examples=["[user, item, stars]"],
    )
    blank: tuple[Text, ...] = Field(
        (),
        description="Texts that stand for nothing, besides the empty one.",
        examples=['["NULL", "-"]'],
    )
    filters: tuple[Column, ...] = Field(
        (),
        description="Rows whose column has not the right value are rejected.",
        examples=["[{column: country, values: [se, dk]}]"],
    )

    @property
    def is_parquet(self) -> bool:
        """Return whether it is Parquet, a file or a folder of files."""
        return self.suffix == ".parquet" or self.file.endswith("/")

    @property
    def is_json(self) -> bool:
        """Return whether the file holds JSON lines."""
        return self.suffix in JSON and not self.is_parquet

    @model_validator(mode="after")
    def _check_layout(self) -> Self:
        known = self.is_parquet or self.is_json or self.suffix in SEPARATORS
        if not (known or self.separator):
            raise ValueError(
                f"separator: missing; say what stands between the columns of {self.file}, for "
                'example `separator: ","`, `separator: "\\t"` (a tab) or `separator: "::"`'
            )
        fields = type(self).model_fields
        given = [name for name in TEXT_ONLY if getattr(self, name) != fields[name].default]
        if self.is_json:
            given = [name for name in given if name in DELIMITED_ONLY]
        if given and (self.is_parquet or self.is_json):
            what = "text files" if self.is_parquet else "text with separators"
            form = "Parquet" if self.is_parquet else "JSON lines"
            raise ValueError(
                f"{', '.join(given)}: of {what}, but {self.file} is {form}; take it out"
            )
        if any(f.column is None for f in self.filters):
            raise ValueError(
                "filters: each must name its column; write for example "
                "`filters: [{column: country, values: [se, dk]}]`"
            )
        return self

    @model_validator(mode="after")
    def _check_columns(self) -> Self:
        named = {name: getattr(self, name) for name in type(self).model_fields}
        named |= {f"by.{name}": column for name, column in named.get("by", {}).items()}
        named |= {f"filters.{n}": column for n, column in enumerate(self.filters)}
        for where, column in named.items():
            if isinstance(column, Column):
                self.check_column(where, column.column or where.removeprefix("by."))
        return self

    def check_column(self, where: str, column: str) -> None:
        """Raise ValueError if `columns` lists other columns only."""
        if self.columns and column not in self.columns:
            raise ValueError(f"{where}: {unknown(column, 'column', self.columns)}")

    @property
    def splits_at(self) -> str:
        """Return what separates two columns of a text file."""
        return self.separator or SEPARATORS[self.suffix]

    @property
    def suffix(self) -> str:
        """Return the end of the file's name, without that of a compression: .csv of a.csv.gz."""
        name = PurePath(self.file)
        return (name.with_suffix("") if name.suffix in PACKED else name).suffix

    @property
    def quoting(self) -> Literal["doubled", "backslash", "none"]:
        """Return how quotes are read."""
        return self.quotes or ("doubled" if len(self.splits_at) == 1 else "none")


class UserTable(Table):
    """One row a user."""

    user: KeyColumn = Field(Column(column="user"), examples=["customer_id"])


class ItemTable(Table):
    """One row an item."""

    item: KeyColumn = Field(Column(column="item"), examples=["isbn"])


class InteractionTable(Table):
    """One row an interaction."""

    user: KeyColumn = Field(Column(column="user"), examples=["customer_id"])
    item: KeyColumn = Field(Column(column="item"), examples=["isbn"])
    target: TargetColumn = Field(Target(column="target"), examples=["stars"])
    time: Time | None = Field(
        None, description="When it was.", examples=["{column: timestamp, unit: seconds}"]
    )
    repeats: Repeats = Field(
        "first",
        description="Which row stands where a user has several on an item: the first or the last, "
        "by `time` where there is one, or the first of those with the highest target; mean and "
        "sum: the first, with that of all targets. The others are rejected.",
    )


class EventTable(Table):
    """Further events of users, for the numeric features with `rate: events`.

    by: item features whose values name the item's group, and the columns that hold these.
    """

    user: KeyColumn = Field(Column(column="user"), examples=["customer_id"])
    by: dict[str, KeyColumn] = Field(min_length=1, examples=["{category: cate, brand: brand}"])
    event: KeyColumn = Field(Column(column="event"), examples=["btag"])
    hits: Several[Text] = Field(description="Events that count as hits.", examples=["[buy]"])
    trials: Several[Text] = Field(description="Events that hits are a share of.", examples=["[pv]"])
