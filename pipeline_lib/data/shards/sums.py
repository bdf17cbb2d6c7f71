"""Add up what the shards of a log report."""

from collections import Counter
from collections.abc import Iterable, Sequence

import polars as pl

from pipeline_lib.data.report import FeatureCount, FileCount, UserReport


def sum_reports(reports: Sequence[UserReport], users: pl.LazyFrame) -> UserReport:
    """Report of the whole log; users: those of all shards, whose values are counted anew."""
    first = reports[0]
    names = [feature.name for feature in first.user_values]
    values = users.select(pl.col(names).drop_nulls().n_unique()).collect(engine="streaming")
    return UserReport(
        files={role: _file([r.files[role] for r in reports]) for role in first.files},
        joined_lines=first.joined_lines,
        user_values=[
            _feature([r.user_values[n] for r in reports], values[name].item())
            for n, name in enumerate(names)
        ],
        sound_users=sum(r.sound_users for r in reports),
    )


def _file(parts: Sequence[FileCount]) -> FileCount:
    return FileCount(
        file=parts[0].file,
        read=sum(part.read for part in parts),
        kept=sum(part.kept for part in parts),
        rejected=sum(part.rejected for part in parts),
        reasons=_most_frequent_first(part.reasons for part in parts),
    )


def _feature(parts: Sequence[FeatureCount], values: int) -> FeatureCount:
    return FeatureCount(
        name=parts[0].name,
        kind=parts[0].kind,
        rows=sum(part.rows for part in parts),
        known=sum(part.known for part in parts),
        values=values,
        problems=_most_frequent_first(part.problems for part in parts),
    )


def _most_frequent_first(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    total = sum((Counter(one) for one in counts), Counter())
    return dict(sorted(total.items(), key=lambda one: (-one[1], one[0])))
