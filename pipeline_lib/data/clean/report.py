"""What became of every row of the raw files, and of every feature's values."""

from logging import Logger
from pathlib import Path

import polars as pl
from pydantic import BaseModel, NonNegativeInt, model_validator

from pipeline_lib.data.errors import RawFileError


class FileCount(BaseModel):
    """One raw file's rows: read = kept + rejected."""

    file: str
    read: NonNegativeInt
    kept: NonNegativeInt
    rejected: NonNegativeInt
    reasons: dict[str, int]

    @model_validator(mode="after")
    def _check(self) -> "FileCount":
        if self.read != self.kept + self.rejected or self.rejected != sum(self.reasons.values()):
            raise ValueError(
                f"{self.file}: {self.read} rows read, {self.kept} kept, {self.reasons}"
            )
        return self

    def __str__(self) -> str:
        """Render as one line of a log."""
        reasons = "".join(f"; {n:,} {reason}" for reason, n in self.reasons.items())
        counts = f"{self.read:,} read = {self.kept:,} kept + {self.rejected:,} rejected"
        return f"{self.file}: {counts}{reasons}"


class FeatureCount(BaseModel):
    """One feature over the clean users or items: how many have a value, how many values.

    problems: what is wrong with the others, blank or a reason.
    """

    name: str
    kind: str
    rows: NonNegativeInt
    known: NonNegativeInt
    values: NonNegativeInt
    problems: dict[str, int]

    def __str__(self) -> str:
        """Render as one line of a log."""
        problems = "".join(f"; {n:,} {problem}" for problem, n in self.problems.items())
        return (
            f"{self.name}: {self.known:,} of {self.rows:,} known, {self.values:,} values{problems}"
        )


class UserReport(BaseModel):
    """The cleaning of what belongs to users, all of them or a shard.

    files, joined_lines: as in `CleaningReport`, by role.
    """

    files: dict[str, FileCount]
    joined_lines: dict[str, NonNegativeInt]
    user_values: list[FeatureCount]
    sound_users: NonNegativeInt


class CleaningReport(BaseModel):
    """The cleaning of one dataset.

    joined_lines: by file, those that newlines within quotes made parts of longer records.
    sound_users: those whom no blank or wrong feature drops. items_without_row: items of
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
        """Render as one line of a log."""
        unlisted = f", {self.items_without_row:,} without a row" if self.items_without_row else ""
        return (
            f"{self.interactions:,} interactions, {self.users:,} users ({self.sound_users:,} with "
            f"sound features), {self.items:,} items{unlisted}"
        )

    def tell(self, log: Logger) -> None:
        """Log what was counted, and what was left out."""
        for count in [*self.files, *self.user_values, *self.item_values, self]:
            log.info("%s", count)
        for file, lines in self.joined_lines.items():
            parts = "lines are parts of longer records: newlines within quotes"
            log.info("%s: %s %s", file, f"{lines:,}", parts)
        if self.features_left_out:
            log.warning(
                "no raw file has the item features %s: going on with %s",
                ", ".join(self.features_left_out),
                ", ".join(self.item_features),
            )


def count_file(file: str, kept: int, rejects: pl.LazyFrame) -> FileCount:
    """Count a file's rejects by reason, most frequent first."""
    reason = pl.concat_str("column", "reason", separator=": ", ignore_nulls=True).alias("reason")
    counted = rejects.group_by(reason).len().collect(engine="streaming")
    reasons = dict(counted.sort(["len", "reason"], descending=[True, False]).iter_rows())
    rejected = sum(reasons.values())
    return FileCount(file=file, read=kept + rejected, kept=kept, rejected=rejected, reasons=reasons)


def count_feature(name: str, kind: str, values: pl.Series, problems: pl.Series) -> FeatureCount:
    """Count a feature's values, and its problems, most frequent first."""
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
    """Raise RawFileError, which says why, when no row could be kept; rejects: the file's."""
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
