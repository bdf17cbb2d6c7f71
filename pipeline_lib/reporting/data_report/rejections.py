"""Count rejected rows by file and reason, with examples."""

import polars as pl

from pipeline_lib.data.report import CleaningReport
from pipeline_lib.reporting.data_report.record import Example, FileRows, Rejection

EXAMPLES = 5
LONGEST_TEXT = 200
CUT = "…"


def count_rows(report: CleaningReport, rejects: pl.LazyFrame) -> list[FileRows]:
    """Give each file's counts, and up to five rejected rows for each reason.

    rejects: as in `pipeline_lib.schemas.clean.REJECTS`.
    """
    examples = _examples(rejects)
    return [
        FileRows(
            **count.model_dump(exclude={"reasons"}),
            reasons=[
                Rejection(reason=reason, rows=rows, examples=examples[count.file, reason])
                for reason, rows in count.reasons.items()
            ],
        )
        for count in report.files
    ]


def _examples(rejects: pl.LazyFrame) -> dict[tuple[str, str], list[Example]]:
    """Find the first rows of each file and reason; rejects may be many millions."""
    reason = pl.concat_str("column", "reason", separator=": ", ignore_nulls=True).alias("reason")
    rows = rejects.select("file", reason, "line", "text")
    first = rows.group_by("file", "reason").agg(pl.col("line").bottom_k(EXAMPLES)).explode("line")
    chosen = rows.join(first, on=["file", "reason", "line"], how="semi")
    cut = pl.when(pl.col("text").str.len_chars() > LONGEST_TEXT).then(
        pl.col("text").str.head(LONGEST_TEXT) + CUT
    )
    found: dict[tuple[str, str], list[Example]] = {}
    texts = chosen.with_columns(cut.otherwise("text").alias("text")).sort("file", "line")
    for file, why, line, text in texts.collect(engine="streaming").iter_rows():
        found.setdefault((file, why), []).append(Example(line=line, text=text))
    return found
