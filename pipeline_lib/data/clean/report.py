"""Counts of the raw files' rows, kept and rejected, and of every feature's values."""

from logging import Logger
from pathlib import Path

import polars as pl
from pydantic import BaseModel, NonNegativeInt, model_validator

from pipeline_lib.data.raw.encoding import RawFileError

COUNTED = "counted in the first row of this user and item"  # the one reason that loses nothing
MANY = 0.1  # of a file's rows: worth a warning if they are lost


class FileCount(BaseModel):
    """The counts of one raw file's rows: read = kept + rejected.

    unmet: by setting, what its `replace` names and no row has.
    """

    file: str
    read: NonNegativeInt
    kept: NonNegativeInt
    rejected: NonNegativeInt
    reasons: dict[str, int]
    unmet: dict[str, list[str]] = {}

    @model_validator(mode="after")
    def _check(self) -> "FileCount":
        if self.read != self.kept + self.rejected or self.rejected != sum(self.reasons.values()):
            raise ValueError(
                f"{self.file}: {self.read} rows read, {self.kept} kept, {self.reasons}"
            )
        return self

    def __str__(self) -> str:
        """Return it as a line of a log."""
        reasons = "".join(f"; {n:,} {reason}" for reason, n in self.reasons.items())
        counts = f"{self.read:,} read = {self.kept:,} kept + {self.rejected:,} rejected"
        return f"{self.file}: {counts}{reasons}"

    def loss(self) -> str | None:
        """Return the words of a warning if many rows are lost."""
        lost = {reason: n for reason, n in self.reasons.items() if reason != COUNTED}
        if (total := sum(lost.values())) <= MANY * self.read:
            return None
        return (
            f"{self.file} lost {100 * total / self.read:.0f} % of its rows, most often because "
            f"{next(iter(lost))!r}: look into rejects.parquet"
        )


class FeatureCount(BaseModel):
    """The counts of one feature over the clean users or items.

    known: rows with a value. values: different ones. problems: the other rows, by reason.
    """

    name: str
    kind: str
    rows: NonNegativeInt
    known: NonNegativeInt
    values: NonNegativeInt
    problems: dict[str, int]

    def __str__(self) -> str:
        """Return it as a line of a log."""
        problems = "".join(f"; {n:,} {problem}" for problem, n in self.problems.items())
        return (
            f"{self.name}: {self.known:,} of {self.rows:,} known, {self.values:,} values{problems}"
        )


class CleaningReport(BaseModel):
    """The counts of one dataset's cleaning.

    joined_lines: by file, how many are parts of longer records since newlines stand within
    quotes. sound_users: those whom no blank or wrong feature drops. items_without_row: items of
    interactions that no items file lists, kept by `unknown_items: keep`.
    """

    item_features: list[str]
    features_left_out: list[str]
    files: list[FileCount]
    joined_lines: dict[str, int] = {}
    user_values: list[FeatureCount]
    item_values: list[FeatureCount]
    users: NonNegativeInt
    sound_users: NonNegativeInt
    items: NonNegativeInt
    items_without_row: NonNegativeInt
    interactions: NonNegativeInt

    def __str__(self) -> str:
        """Return it as a line of a log."""
        unlisted = f", {self.items_without_row:,} without a row" if self.items_without_row else ""
        return (
            f"{self.interactions:,} interactions, {self.users:,} users ({self.sound_users:,} with "
            f"sound features), {self.items:,} items{unlisted}"
        )

    def write_to(self, log: Logger) -> None:
        """Write the counts, and the features left out, to a log."""
        for count in [*self.files, *self.user_values, *self.item_values, self]:
            log.info("%s", count)
        for count in self.files:
            for column, keys in count.unmet.items():
                log.info("%s: %s: replace: no row has %s", count.file, column, ", ".join(keys))
        for file, lines in self.joined_lines.items():
            parts = "lines are parts of longer records: newlines within quotes"
            log.info("%s: %s %s", file, f"{lines:,}", parts)
        if self.features_left_out:
            log.warning(
                "no raw file has the item features %s: going on with %s",
                ", ".join(self.features_left_out),
                ", ".join(self.item_features),
            )
        for loss in filter(None, (count.loss() for count in self.files)):
            log.warning("%s", loss)


def count_file(
    file: str, kept: int, rejects: pl.LazyFrame, unmet: dict[str, list[str]]
) -> FileCount:
    """Return the counts of a file; its rejects by reason, most frequent first."""
    reason = pl.concat_str("column", "reason", separator=": ", ignore_nulls=True).alias("reason")
    counted = rejects.group_by(reason).len().collect(engine="streaming")
    reasons = dict(counted.sort(["len", "reason"], descending=[True, False]).iter_rows())
    rejected = sum(reasons.values())
    return FileCount(
        file=file,
        read=kept + rejected,
        kept=kept,
        rejected=rejected,
        reasons=reasons,
        unmet=unmet,
    )


def count_feature(name: str, kind: str, values: pl.Series, problems: pl.Series) -> FeatureCount:
    """Return the counts of a feature; its problems by reason, most frequent first."""
    single = values.explode() if values.dtype == pl.List else values
    wrong = problems.drop_nulls().value_counts().rename({problems.name: "problem"})
    return FeatureCount(
        name=name,
        kind=kind,
        rows=len(values),
        known=problems.null_count(),
        values=single.drop_nulls().n_unique(),
        problems=dict(wrong.sort(["count", "problem"], descending=[True, False]).iter_rows()),
    )


def check_kept(path: Path, count: FileCount, rejects: pl.LazyFrame) -> None:
    """Raise RawFileError, with the most frequent reason, if no row of a file is kept."""
    if count.kept:
        return
    if not count.read:
        raise RawFileError(f"{path} has no rows; unpack or download it again")
    first = rejects.select(pl.col("text").head(1)).collect(engine="streaming").item()
    raise RawFileError(
        f"{path}: none of the {count.read:,} rows could be kept, most often because "
        f"{next(iter(count.reasons))!r}; the first is {first[:80]!r}. Is it another file, or "
        "does it not belong to the others?"
    )
