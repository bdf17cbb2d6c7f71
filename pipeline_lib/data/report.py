"""What became of every row of the raw files."""

import polars as pl
from pydantic import BaseModel, NonNegativeInt, model_validator


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


class CleaningReport(BaseModel):
    """The cleaning of one dataset."""

    item_features: list[str]
    features_left_out: list[str]
    files: list[FileCount]


def count_file(file: str, read: int, kept: int, rejects: pl.DataFrame) -> FileCount:
    """Count a file's rejects by reason, most frequent first."""
    named = rejects.select(
        pl.concat_str("column", "reason", separator=" ", ignore_nulls=True).alias("reason")
    )
    counts = named["reason"].value_counts().sort(["count", "reason"], descending=[True, False])
    return FileCount(
        file=file, read=read, kept=kept, rejected=rejects.height, reasons=dict(counts.iter_rows())
    )
