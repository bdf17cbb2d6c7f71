"""The table over splits: both spreads, the best rivals, and what was tested."""

import csv
import io

from pipeline_lib.evaluation.compare_splits import compare_splits
from pipeline_lib.evaluation.comparison import SplitPair
from pipeline_lib.evaluation.splits import SplitComparison
from pipeline_lib.reporting.tables.splits import metric_splits_table, splits_table
from pipeline_lib.reporting.tables.users import pairs_csv
from tests.evaluation.test_splits import split
from tests.evaluation.trials import METHODS, MOVIELENS, trial
from tests.reporting.tables.test_methods import lines

MSE = {"global-mean": 1.0, "melu": 1.4, "transfer": 1.3, "paml": 1.2}


def over_splits(*chosen: str) -> SplitComparison:
    """Let each method's MSE rise by 0.1 a split and by 0.02 a seed, MeLU's by more.

    chosen: metrics with the same values.
    """
    found = [
        trial(name, seed, dict.fromkeys(("mse", *chosen), value), split=place, chosen=chosen)
        for name, mse in MSE.items()
        for step in [0.2 if name == "melu" else 0.1]
        for number in (1, 2, 3)
        for place in [f"split-{number}"]
        for seed in range(1 if name == "global-mean" else 2)
        for value in [mse + step * number + 0.02 * seed]
    ]
    splits = [split(1), split(2), split(3)]
    return compare_splits(MOVIELENS, METHODS, splits, [f.evaluation for f in found], 7)


def test_a_row_has_both_spreads_and_the_differences() -> None:
    table = splits_table("error", over_splits())
    rows = lines(table)
    delta = ["95 % CI", "d", "Holm p"]
    assert table.title == "MovieLens-1M: MSE over splits"
    assert rows["Method"] == ["MSE", "± seeds", "Δ baseline", *delta, "Δ reference", *delta]
    assert rows["Global mean"][:2] == ["**1.200 ± 0.100**", "—"]
    assert rows["MeLU"][:3] == ["1.810 ± 0.200", "0.014", "+0.300"]
    # PAML is better than the best baseline by the same on every split: nothing to test.
    assert rows["PAML"][2:7] == ["−0.100", "—", "—", "—", "+0.210"]


def test_notes_name_the_splits_and_where_choices_were_made() -> None:
    notes = " ".join(splits_table("error", over_splits()).notes)
    for part in (
        "splits of seeds 1, 2, 3",
        "chosen by the search on the split of seed 7",
        "best baseline (Transfer learning) or of the best reference point (Global mean)",
        "1/3 + 0.286 test users a training user",
        "70 training users and 20 test users a split",
    ):
        assert part in notes


def test_metrics_of_the_runs_choice_have_both_spreads() -> None:
    table = metric_splits_table(over_splits("mae", "mse"))
    rows = lines(table)
    assert table.title == "MovieLens-1M: metrics of the run's choice over splits"
    assert rows["Method"] == ["MAE", "± seeds", "MSE", "± seeds"]
    assert rows["Global mean"] == ["**1.200 ± 0.100**", "—"] * 2
    assert rows["MeLU"] == ["1.810 ± 0.200", "0.014"] * 2
    assert any("splits of seeds 1, 2, 3" in note for note in table.notes)
    assert {pair.metric for pair in over_splits("mae").pairs} == {"mse", "mae"}


def test_a_metric_that_nobody_has_is_a_table_of_dashes() -> None:
    rows = lines(splits_table("ranking", over_splits()))
    assert rows["PAML"] == ["—", "—"]


def test_all_pairs_are_written() -> None:
    compared = over_splits()
    rows = list(
        csv.DictReader(io.StringIO(pairs_csv(compared, compared.pairs, SplitPair.model_fields)))
    )
    assert len(rows) == 6
    assert {row["metric"] for row in rows} == {"mse"}
