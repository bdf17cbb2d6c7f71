"""The data report's record: every count worked out by hand."""

from typing import Literal

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError

from pipeline_lib.partition.rules import find_drop_reasons
from pipeline_lib.reporting.data_report.histograms import count_bins, target_bins
from pipeline_lib.reporting.data_report.record import Bin, Coverage, DataReport, Example, Rejection
from pipeline_lib.reporting.data_report.report import user_steps
from pipeline_lib.settings.partition import Partition
from pipeline_lib.settings.task import RatingTask
from tests.reporting.small_data import kept_ratings, rejects, small_report


def bins(*rows: tuple[float, float, int, int]) -> list[Bin]:
    return [Bin(low=low, high=high, clean=clean, kept=kept) for low, high, clean, kept in rows]


def test_counts_what_is_clean_and_what_is_kept() -> None:
    report = small_report()
    assert (report.clean_users, report.users) == (6, 3)
    assert (report.clean_items, report.items, report.items_without_row) == (4, 3, 1)
    assert (report.clean_interactions, report.interactions) == (12, 7)
    assert report.users_by_group == {"major": 2, "minor": 1}
    assert report.computed_features == ["rate"]
    assert report.features_left_out == ["director"]


def test_gives_the_first_rejected_rows_of_each_reason() -> None:
    users, ratings = small_report().files
    assert users.reasons == []
    assert (ratings.read, ratings.kept, ratings.rejected) == (20, 12, 8)
    stars, shape = ratings.reasons
    first = [Example(line=10 + n, text=f"row {n}") for n in range(5)]
    assert stars == Rejection(reason="stars: above 5", rows=7, examples=first)
    assert (shape.reason, shape.rows) == ("line has not 4 fields", 1)
    (example,) = shape.examples
    assert (example.line, len(example.text), example.text[-2:]) == (3, 201, "x…")


def test_features_are_counted_over_users_kept_and_items_they_met() -> None:
    report = small_report()
    gender, age = report.user_features
    assert gender.kept == Coverage(rows=3, known=3, values=2)
    assert (age.clean, age.kept) == (
        Coverage(rows=6, known=5, values=2),
        Coverage(rows=3, known=3, values=2),
    )
    assert (age.problems, age.common_value_share) == ({"blank": 1}, 0.25)
    (genre,) = report.item_features
    assert genre.clean == Coverage(rows=4, known=3, values=3)
    assert genre.kept == Coverage(rows=3, known=2, values=2)
    assert genre.common_value_share is None
    assert report.grouping == [gender, age]


def test_sizes_of_every_fold_and_group() -> None:
    sizes = {(s.fold, s.group): (s.users, s.support, s.query) for s in small_report().sizes}
    assert sizes == {
        ("train", "major"): (1, 1, 1),
        ("train", "minor"): (0, 0, 0),
        ("validation", "major"): (0, 0, 0),
        ("validation", "minor"): (1, 1, 1),
        ("test", "major"): (1, 2, 1),
        ("test", "minor"): (0, 0, 0),
    }


def test_interactions_per_user() -> None:
    per_user = small_report().per_user
    quantiles = {"min": 2, "p5": 2, "p25": 2, "median": 2, "p75": 2.5, "p95": 2.9, "max": 3}
    expected = {"users": 3, "mean": 7 / 3, **quantiles}
    assert per_user.kept.model_dump() == pytest.approx(expected)
    assert (per_user.clean.users, per_user.clean.mean, per_user.clean.max) == (5, 2.4, 4)
    assert (3 * per_user.support.mean, per_user.query.mean) == (4, 1)
    assert per_user.histogram.bins == bins((2, 2, 2, 2), (3, 3, 1, 1))
    assert [per_user.histogram.below] == bins((1, 1, 1, 0))
    assert [per_user.histogram.above] == bins((4, 4, 1, 0))


def test_many_counts_share_bins_that_hold_all() -> None:
    clean, kept = np.arange(1, 1001), np.arange(5, 505)
    histogram = count_bins(clean, kept)
    assert len(histogram.bins) <= 40
    assert {b.high - b.low for b in histogram.bins} == {12}
    assert histogram.below is not None
    assert histogram.above is not None
    everything = [histogram.below, *histogram.bins, histogram.above]
    assert sum(b.clean for b in everything) == 1000
    assert sum(b.kept for b in everything) == 500
    assert [b.low for b in everything[1:]] == [b.high + 1 for b in everything[:-1]]


def test_targets() -> None:
    assert small_report().targets.bins == bins(
        (1, 1, 1, 1), (2, 2, 1, 1), (3, 3, 2, 2), (4, 4, 3, 1), (5, 5, 5, 2)
    )


def test_many_targets_are_put_in_twenty_bins() -> None:
    clean = pl.LazyFrame({"target": [(n + 0.5) / 10 for n in range(40)]})
    found = target_bins(clean, clean.head(1), RatingTask(scale=(0, 4))).bins
    assert [b.clean for b in found] == [2] * 20
    assert [b.kept for b in found] == [1] + [0] * 19
    assert (found[0].low, found[-1].high) == (0, 4)


def test_single_precision_leaves_no_trace() -> None:
    rows = pl.LazyFrame({"target": [3.3]}, schema={"target": pl.Float32})
    (only,) = target_bins(rows, rows, RatingTask(scale=(1, 5))).bins
    assert only.low == 3.3


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ("cold-first", ["cold", "features", "few"]),
        ("filters-first", ["features", "few", "cold"]),
    ],
)
def test_steps_stand_in_the_order_of_the_partition(
    order: Literal["cold-first", "filters-first"], names: list[str]
) -> None:
    """The reasons are those that the partition gives."""
    rules = Partition(order=order, cold_share=0.8, min_interactions=2, min_clicked=1)
    counts = pl.DataFrame(
        {
            "user": ["idle", "odd", "few", "unclicked", *(f"u{n}" for n in range(9)), "busiest"],
            "problem": [None, "age is blank", *(None for _ in range(12))],
            "interactions": [0, 3, 1, 3, *(n + 3 for n in range(9)), 99],
            "clicked": [0, 1, 1, 0, *(1 for _ in range(10))],
        }
    )
    chosen, _ = find_drop_reasons(counts, rules, 0)
    dropped = dict(chosen["reason"].drop_nulls().value_counts().iter_rows())
    first, *others = user_steps(counts.height, dropped, {"age is blank"}, rules)
    assert (first.name, first.dropped, first.left) == (
        "No interactions",
        {"no interactions": 1},
        counts.height - 1,
    )
    titles = {
        "cold": "Not among the 80 % with fewest interactions",
        "features": "Blank or wrong features",
        "few": "Too few interactions",
    }
    assert [step.name for step in others] == [titles[name] for name in names]
    reasons = dict(zip(names, (step.dropped for step in others), strict=True))
    assert reasons["features"] == {"age is blank": 1}
    assert reasons["few"] == {"fewer than 2 interactions": 1, "fewer than 1 clicked items": 1}
    assert list(reasons["cold"]) == ["not among the 80 % with fewest interactions"]
    assert others[-1].left == chosen["reason"].null_count()


def test_a_protocols_limits_are_steps_of_their_own() -> None:
    rules = Partition.model_validate({"cold_share": 1, "max_interactions": 9, "cut": "2020-01-01"})
    counts = pl.DataFrame(
        {
            "user": ["few", "many", "early", "late", "judged"],
            "problem": pl.Series([None] * 5, dtype=pl.String),
            "interactions": [1, 10, 5, 5, 5],
            "clicked": [1] * 5,
            "before": [1, 5, 5, 0, 3],
        }
    )
    chosen, _ = find_drop_reasons(counts, rules, 0)
    dropped = dict(chosen["reason"].drop_nulls().value_counts().iter_rows())
    steps = {step.name: step for step in user_steps(5, dropped, set(), rules)}
    assert [*steps][-3:] == [
        "Too few interactions",
        "Too many interactions",
        "No interactions from the cut on",
    ]
    assert steps["Too few interactions"].dropped == {
        "fewer than 2 interactions": 1,
        "fewer than 2 interactions before 2020-01-01 00:00": 1,
    }
    assert steps["Too many interactions"].dropped == {"more than 9 interactions": 1}
    assert [*steps["No interactions from the cut on"].dropped.values()] == [1]
    assert min(step.left for step in steps.values()) == 1


def test_a_user_who_is_judged_and_in_training_counts_in_both_folds() -> None:
    again = (
        kept_ratings()
        .head(2)
        .with_columns(user=pl.lit("u1"), item=pl.Series(["i3", "i4"]), fold=pl.lit("test"))
    )
    rows = pl.concat([kept_ratings(), again.with_columns(part=pl.Series(["support", "query"]))])
    found = small_report(kept=rows, also_trained_on=1)
    sizes = {(s.fold, s.group): (s.users, s.support, s.query) for s in found.sizes if s.users}
    assert sizes[("train", "major")] == (1, 1, 1)
    assert sizes[("test", "major")] == (2, 3, 2)
    assert found.users == 3


def test_counts_must_add_up() -> None:
    report = small_report()
    wrong = report.model_dump() | {"users": 4}
    with pytest.raises(ValidationError, match="the counts of users do not add up"):
        DataReport.model_validate(wrong)


def test_json_gives_the_report_back() -> None:
    report = small_report()
    assert DataReport.model_validate_json(report.model_dump_json()) == report


def test_nothing_rejected() -> None:
    report = small_report(rejects(0))
    assert [(f.rejected, f.reasons) for f in report.files] == [(0, []), (0, [])]
