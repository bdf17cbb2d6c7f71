"""Compute what became of a dataset, from its clean tables and its split."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from pipeline_lib.data.clean.report import CleaningReport, FeatureCount
from pipeline_lib.partition.rules import MORE_THAN, NO_ROWS, NONE_FROM
from pipeline_lib.partition.summary import SplitSummary
from pipeline_lib.reporting.data_report.histograms import count_bins, spread, target_bins
from pipeline_lib.reporting.data_report.record import (
    Coverage,
    DataReport,
    Example,
    FeatureValues,
    FileRows,
    PerUser,
    Rejection,
    Size,
    UserStep,
)
from pipeline_lib.schemas.columns import FOLDS, GROUPS, PARTS
from pipeline_lib.settings.partition import Partition
from pipeline_lib.settings.task import Task

EXAMPLES = 5
LONGEST_TEXT = 200
CUT = "…"


def count_rows(report: CleaningReport, rejects: pl.LazyFrame) -> list[FileRows]:
    """Return each file's counts, and up to five rejected rows for each reason.

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
    """Return the first rows of each file and reason; rejects may be many millions."""
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


def user_steps(
    users: int, dropped: dict[str, int], problems: set[str], rules: Partition
) -> list[UserStep]:
    """Return why users were dropped, in the order of the partition's steps.

    users: those before any step. dropped: of them, by reason. problems: the reasons that are blank
    or wrong features.
    """
    cold = f"Not among the {100 * rules.cold_share:g} % with fewest interactions"
    features, few = "Blank or wrong features", "Too few interactions"
    many, late = "Too many interactions", "No interactions from the cut on"
    starts = {"fewer than ": few, MORE_THAN: many, NONE_FROM: late}
    limits = [*([many] if rules.max_interactions else []), *([late] if rules.cut else [])]
    filters = [features, few, *limits]
    order = [cold, *filters] if rules.order == "cold-first" else [*filters, cold]
    steps: dict[str, dict[str, int]] = {name: {} for name in ("No interactions", *order)}
    for reason, number in dropped.items():
        if reason in problems:
            steps[features][reason] = number
        elif reason == NO_ROWS:
            steps["No interactions"][reason] = number
        else:
            named = (step for start, step in starts.items() if reason.startswith(start))
            steps[next(named, cold)][reason] = number
    left, found = users, []
    for name, reasons in steps.items():
        left -= sum(reasons.values())
        found.append(UserStep(name=name, dropped=reasons, left=left))
    return found


@dataclass(frozen=True)
class About:
    """A dataset's names, and the settings that the report repeats."""

    dataset: str
    title: str
    licence: str
    sample: bool
    of_paper: bool
    task: Task
    rules: Partition


@dataclass(frozen=True)
class Cleaned:
    """The clean tables and rejects (see `pipeline_lib.schemas.clean`)."""

    users: pl.DataFrame
    items: pl.DataFrame
    interactions: pl.LazyFrame
    rejects: pl.LazyFrame
    report: CleaningReport


@dataclass(frozen=True)
class Kept:
    """The users left and their interactions (see `pipeline_lib.schemas.split`)."""

    users: pl.DataFrame
    interactions: pl.LazyFrame
    record: SplitSummary


def report_data(about: About, clean: Cleaned, kept: Kept) -> DataReport:
    """Compute a dataset's report: rows, users, features, folds, groups, targets."""
    per_user = _parts_per_user(kept)
    met = kept.interactions.select("item").unique().collect(engine="streaming")["item"]
    profiles = clean.users.filter(pl.col("user").is_in(kept.users["user"].implode()))
    items = clean.items.filter(pl.col("item").is_in(met.implode()))
    problems = set(clean.users["problem"].drop_nulls())
    counts, split = clean.report, kept.record
    return DataReport(
        **vars(about),
        split_sha256=split.sha256,
        files=count_rows(counts, clean.rejects),
        clean_users=split.clean_users,
        steps=user_steps(split.clean_users, split.users_dropped, problems, about.rules),
        cold_border=split.cold_border,
        negatives=split.negatives,
        protocol_notes=split.protocol_notes,
        also_trained_on=split.also_trained_on,
        users=split.users,
        clean_items=counts.items,
        items_without_row=counts.items_without_row,
        items=split.items,
        clean_interactions=counts.interactions,
        interactions=split.interactions,
        user_features=[
            _feature(f, profiles[f.name], split.common_value_share) for f in counts.user_values
        ],
        item_features=[_feature(f, items[f.name], {}) for f in counts.item_values],
        computed_features=[f for f in counts.item_features if f not in clean.items.columns],
        features_left_out=counts.features_left_out,
        users_by_group={g: split.users_by_group.get(g, 0) for g in GROUPS},
        sizes=_sizes(per_user),
        per_user=_spreads(clean.interactions, per_user),
        targets=target_bins(clean.interactions, kept.interactions, about.task),
    )


def _feature(count: FeatureCount, kept: pl.Series, shares: Mapping[str, float]) -> FeatureValues:
    single = kept.explode() if kept.dtype == pl.List else kept
    known = (kept.list.len() > 0) if kept.dtype == pl.List else kept.is_not_null()
    return FeatureValues(
        name=count.name,
        kind=count.kind,
        clean=Coverage(rows=count.rows, known=count.known, values=count.values),
        kept=Coverage(
            rows=len(kept), known=int(known.sum()), values=single.drop_nulls().n_unique()
        ),
        problems=count.problems,
        common_value_share=shares.get(count.name),
    )


def _parts_per_user(kept: Kept) -> pl.DataFrame:
    """Return the numbers of rows of each kept user, in each fold where the user has some.

    `user`, `fold`, `group`, `support`, `query`.
    """
    parts = (pl.col("part") == part for part in PARTS)
    counted = kept.interactions.group_by("user", "fold").agg(
        flag.sum().cast(pl.Int64).alias(part) for part, flag in zip(PARTS, parts, strict=True)
    )
    users = kept.users.select("user", "group")
    return users.join(counted.collect(engine="streaming"), on="user", validate="1:m")


def _sizes(per_user: pl.DataFrame) -> list[Size]:
    counted = per_user.group_by("fold", "group").agg(pl.len().alias("users"), pl.col(PARTS).sum())
    found = {(row["fold"], row["group"]): row for row in counted.iter_rows(named=True)}
    none = dict.fromkeys(("users", *PARTS), 0)
    return [
        Size(**{"fold": fold, "group": group, **none, **found.get((fold, group), {})})
        for fold in FOLDS
        for group in GROUPS
    ]


def _spreads(clean: pl.LazyFrame, per_user: pl.DataFrame) -> PerUser:
    counted = clean.group_by("user").agg(pl.len().cast(pl.Int64).alias("rows"))
    before = counted.collect(engine="streaming")["rows"].to_numpy()
    support, query = (per_user[part].to_numpy() for part in PARTS)
    after = support + query
    return PerUser(
        clean=spread(before),
        kept=spread(after),
        support=spread(support),
        query=spread(query),
        histogram=count_bins(before, after),
    )
