"""Differences user by user and gaps between groups: cells worked out by hand, notes, values."""

import csv
import io
from collections.abc import Callable
from functools import partial

import pytest

from pipeline_lib.evaluation.comparison import Comparison, Pair
from pipeline_lib.reporting.tables.table import DASH, MINUS, Table
from pipeline_lib.reporting.tables.users import gap_table, pairs_csv, pairs_table
from tests.reporting.conftest import only
from tests.reporting.tables.test_methods import SAMPLE, lines
from tests.reporting.tables.test_write import records

error_pairs, ranking_pairs = partial(pairs_table, "error"), partial(pairs_table, "ranking")
NONE = [DASH, DASH, DASH, DASH]
INTERVAL = "95 % CI: bootstrap over users, percentiles of 2,000 seeded resamples."
PAIRED = (
    "Holm p: two-tailed paired t-test over users, adjusted by Holm's method for all pairs of "
    "methods ({} tested, in pairs.csv); * where < 0.05. It speaks of other users, not of other "
    "seeds."
)
EFFECT = "d: Cohen's d, the mean of the users' differences in their standard deviations."


def test_error_pairs(compared: Comparison) -> None:
    table = error_pairs(compared)
    assert table.title == "MovieLens-1M: MSE user by user"
    rows = lines(table)
    difference = ["95 % CI", "d", "Holm p"]
    assert rows["Method"] == [
        *("MSE", "95 % CI"),
        *("Δ baseline", *difference),
        *("Δ reference", *difference),
    ]
    assert rows["Item mean"] == [
        *("1.000", DASH),
        *(f"{MINUS}0.250", f"{MINUS}0.375 to +0.000", f"{MINUS}0.12", "0.060"),
        *NONE,
    ]
    assert rows["MeLU"] == [
        *("1.500", "1.375 to 1.562"),
        *("+0.250", "+0.125 to +0.500", DASH, DASH),
        *NONE,
    ]
    assert rows["PAML"] == ["1.000", "0.875 to 1.062", *NONE, *NONE]


def test_a_pair_is_turned_where_the_rival_stands_left(compared: Comparison) -> None:
    rows = lines(error_pairs(compared))
    assert rows["Transfer learning"] == [
        *("1.250", "1.125 to 1.312"),
        *NONE,
        *("+0.250", "+0.000 to +0.375", "+0.12", "0.060"),
    ]
    assert rows["AT-PAML"] == [
        *("1.125", "1.000 to 1.188"),
        *(f"{MINUS}0.125", f"{MINUS}0.375 to +0.000", f"{MINUS}0.06", r"< 0.001\*"),
        *("+0.125", f"{MINUS}0.125 to +0.250", "+0.06", "0.400"),
    ]


def test_ranking_pairs_without_compared_references(compared: Comparison) -> None:
    table = ranking_pairs(compared)
    assert table.title == "MovieLens-1M: nDCG@5 user by user"
    rows = lines(table)
    assert rows["Method"] == ["nDCG@5", "95 % CI", "Δ baseline", "95 % CI", "d", "Holm p"]
    assert rows["AT-PAML"] == [
        *("0.800", "0.675 to 0.862"),
        *(f"{MINUS}0.001", f"{MINUS}0.251 to +0.124", "+0.00", "1.000"),
    ]
    assert rows["REG-PAML"] == [DASH, DASH, *NONE]


def test_clicks_have_four_digits(clicks: Comparison) -> None:
    error, ranking = error_pairs(clicks), ranking_pairs(clicks)
    assert error.title == "Ad clicks: NEL user by user"
    assert lines(error)["MeLU"] == [
        *("0.2500", "0.1250 to 0.3125"),
        *NONE,
        *(f"{MINUS}0.2500", f"{MINUS}0.5000 to {MINUS}0.1250", f"{MINUS}0.12", r"0.020\*"),
    ]
    assert lines(ranking)["AT-PAML"] == [
        *("0.5876", "0.4626 to 0.6501"),
        *("+0.0625", f"{MINUS}0.1875 to +0.1875", "+0.03", "0.400"),
    ]


def test_gap_table(compared: Comparison) -> None:
    table = gap_table(compared)
    assert table.title == "MovieLens-1M: MSE of minor users beyond that of major users"
    gap = ["+0.125", f"{MINUS}0.250 to +0.500", "+0.03"]
    rows = lines(table)
    assert rows["Method"] == ["gap", "95 % CI", "d", "p", "Holm p"]
    assert rows["MeLU"] == [*gap, "< 0.001", r"< 0.001\*"]
    assert rows["Transfer learning"] == [*gap, DASH, DASH]
    assert rows["AT-PAML"] == [*gap, "0.049", "0.098"]
    assert rows["PAML"] == [*gap, "0.001", r"0.002\*"]


def test_gaps_of_clicks(clicks: Comparison) -> None:
    gap = ["+0.1250", f"{MINUS}0.2500 to +0.5000", "+0.03"]
    assert lines(gap_table(clicks))["AT-PAML"] == [*gap, "0.300", "0.600"]


def test_what_a_gap_lacks_is_a_dash(compared: Comparison) -> None:
    melu, at_paml = compared.method("melu"), compared.method("at-paml")
    assert melu.gap
    bare = melu.gap.model_copy(update={"low": None, "high": None, "effect": None})
    methods = [melu.model_copy(update={"gap": bare}), at_paml.model_copy(update={"gap": None})]
    rows = lines(gap_table(compared.model_copy(update={"methods": methods})))
    assert rows["MeLU"] == ["+0.125", DASH, DASH, "< 0.001", r"< 0.001\*"]
    assert rows["AT-PAML"] == [DASH] * 5


def test_error_notes(compared: Comparison) -> None:
    assert error_pairs(compared).notes == (
        "n = 1,234 of the 1,234 test users, each user's MSE averaged over seeds.",
        INTERVAL,
        f"Δ: the method's MSE {MINUS} that of the best baseline (Transfer learning) or of the best "
        "reference point (Item mean); below 0, the method is better.",
        EFFECT,
        PAIRED.format(3),
        "Split 0123456789ab.",
    )


def test_ranking_notes(compared: Comparison, clicks: Comparison) -> None:
    assert ranking_pairs(only(compared, "baseline", "proposed")).notes == (
        "n = 1,200 of the 1,234 test users, each user's nDCG@5 averaged over seeds.",
        INTERVAL,
        f"Δ: the method's nDCG@5 {MINUS} that of the best baseline (MeLU); above 0, the method is "
        "better.",
        "No reference point was run.",
        EFFECT,
        PAIRED.format(1),
        "Split 0123456789ab.",
    )
    assert ranking_pairs(clicks).notes[2] == (
        "AUC: of the query rows of all users together; a user's is what the user contributes to it "
        "(the mean of all users' contributions is the AUC). Intervals and tests are of these "
        "contributions: close for many users, a little narrow for few."
    )


def test_gap_notes(compared: Comparison) -> None:
    assert gap_table(compared).notes == (
        f"gap: mean MSE of minor users {MINUS} that of major users (n = 734 major and 500 minor "
        "test users), each user's averaged over seeds; above 0, minor users fare worse.",
        INTERVAL,
        "d: Cohen's d, the gap in standard deviations of a group's users, pooled.",
        "p: two-tailed t-test between the groups (the paper's test). Holm p: adjusted by Holm's "
        "method for all methods (5 tested); * where < 0.05.",
        "Split 0123456789ab.",
    )


def test_no_baseline_leaves_the_reference(compared: Comparison) -> None:
    table = error_pairs(only(compared, "reference", "proposed"))
    assert lines(table)["Method"] == ["MSE", "95 % CI", "Δ reference", "95 % CI", "d", "Holm p"]
    assert "No baseline was run." in table.notes


@pytest.mark.parametrize("build", [error_pairs, ranking_pairs])
def test_nothing_to_compare(compared: Comparison, build: Callable[[Comparison], Table]) -> None:
    table = build(only(compared, "ablation"))
    assert len(table.columns) == 2
    assert table.notes[-2].startswith("Nothing to compare: it takes two methods")


def test_a_metric_that_nobody_has(compared: Comparison) -> None:
    bare = [m.model_copy(update={"metrics": {}}) for m in compared.methods]
    left = {"methods": bare, "pairs": [], "baselines": {}, "references": {}}
    table = ranking_pairs(compared.model_copy(update=left))
    assert table.notes == ("No test user has an nDCG@5.", "Split 0123456789ab.")
    assert lines(table)["MeLU"] == [DASH, DASH]


@pytest.mark.parametrize("build", [error_pairs, ranking_pairs, gap_table])
def test_sample_data_is_labelled(either: Comparison, build: Callable[[Comparison], Table]) -> None:
    table = build(either.model_copy(update={"sample": True}))
    assert table.file_title.startswith(f"{SAMPLE}. {either.title}: ")
    assert table.file_notes[0] == f"{SAMPLE}."


def test_csv_holds_the_unrounded_values(compared: Comparison) -> None:
    row = records(error_pairs(compared))["at-paml"]
    assert [float(row[f"mse_{field}"]) for field in ("mean", "low", "high")] == [1.125, 1, 1.1875]
    fields = ("minus_baseline", *(f"minus_baseline_{x}" for x in ("low", "high", "d", "holm_p")))
    assert [float(row[f"mse_{f}"]) for f in fields] == [-0.125, -0.375, 0, -0.0625, 0.0008]
    row = records(gap_table(compared))["at-paml"]
    fields = ("gap", *(f"gap_{x}" for x in ("low", "high", "d", "p", "holm_p")))
    assert [float(row[f"mse_{f}"]) for f in fields] == [0.125, -0.25, 0.5, 0.031, 0.049, 0.098]
    assert records(error_pairs(compared))["reg-paml"]["mse_minus_baseline"] == ""
    assert records(error_pairs(compared))["melu"]["mse_minus_baseline_holm_p"] == ""


@pytest.mark.parametrize("sample", [True, False])
def test_pairs_csv(compared: Comparison, sample: bool) -> None:
    subject = compared.model_copy(update={"sample": sample})
    text = pairs_csv(subject, subject.pairs, Pair.model_fields)
    assert text.splitlines()[0] == (
        "dataset,sample,metric,left,right,users,difference,low,high,effect,p,holm_p"
    )
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {(row["dataset"], row["sample"]) for row in rows} == {("movielens", str(sample).lower())}
    for row, pair in zip(rows, compared.pairs, strict=True):
        assert [row[f] for f in ("metric", "left", "right")] == [pair.metric, pair.left, pair.right]
        assert int(row["users"]) == pair.users
        for field in ("difference", "low", "high", "effect", "p", "holm_p"):
            assert (float(row[field]) if row[field] else None) == getattr(pair, field)


def test_pairs_csv_without_pairs(compared: Comparison) -> None:
    alone = only(compared, "ablation")
    assert len(pairs_csv(alone, alone.pairs, Pair.model_fields).splitlines()) == 1
