"""The table of the metrics that a run chooses: cells, marks, notes, and an order by chance."""

import csv
import io
from itertools import product

import pytest

from pipeline_lib.evaluation.comparison import Comparison
from pipeline_lib.reporting.paper import PaperResults
from pipeline_lib.reporting.tables.latex import latex
from pipeline_lib.reporting.tables.metrics import metric_tables, metrics_table
from pipeline_lib.reporting.tables.write import markdown, to_csv
from tests.reporting.conftest import single, spread
from tests.reporting.tables.test_methods import TABLES, lines
from tests.reporting.tables.test_splits import over_splits

CI = "95 % CI"


@pytest.fixture(scope="module")
def chosen(compared: Comparison) -> Comparison:
    """Return a comparison of three methods that have an MAE and an nDCG@10."""
    own = {
        "item-mean": {"mae": single(0.75), "ndcg_10": single(0.625)},
        "transfer": {"mae": spread(1.0)},
        "at-paml": {"mae": spread(0.875, p=0.01), "ndcg_10": spread(0.5)},
    }
    changes = {
        "methods": [
            m.model_copy(update={"metrics": m.metrics | own.get(m.name, {})})
            for m in compared.methods
        ],
        "baselines": {**compared.baselines, "mae": "transfer"},
        "short_users": {**compared.short_users, "ndcg_10": 900},
        "one_score": {**compared.one_score, "mae": 1.5},
        "chosen_metrics": ["mae", "ndcg_10"],
    }
    return compared.model_copy(update=changes)


def test_cells(chosen: Comparison) -> None:
    table = metrics_table(chosen)
    rows = lines(table)
    assert table.title == "MovieLens-1M: metrics of the run's choice"
    assert rows["Scored by"] == ["MAE", CI, "nDCG@10", CI]
    assert rows["One score for all"] == ["1.500", "—", "—", "—"]
    assert rows["Item mean"] == ["**0.750**", "—", "**0.625**", "—"]
    ranked = "*0.500 ± 0.250*"
    assert rows["AT-PAML"] == [r"*0.875 ± 0.250*\*", "0.750 to 0.938", ranked, "0.375 to 0.562"]
    assert rows["PAML"] == ["—"] * 4


def test_notes_say_what_each_is_and_of_whom(chosen: Comparison) -> None:
    notes = metrics_table(chosen).notes
    assert notes[0] == (
        "MAE: mean absolute error of a user's rows; mean over all 1,234 test users."
    )
    assert notes[1].startswith("nDCG@10: gain 2^target − 1, discounted by rank, of the first 10")
    assert notes[1].endswith("test users, 900 of them with fewer than 10 rows.")
    said = " ".join(notes)
    for part in (
        "Lower MAE and higher nDCG are better.",
        "better than the best baseline (MAE: Transfer learning) at p < 0.05",
        "Item mean (up to 1,100 a seed). For equal scores, nDCG is the mean over random orders.",
        "One score for all: that of the least MSE; its order is one by chance",
        "in pairs.csv",
    ):
        assert part in said


def test_one_metric_alone_is_better(chosen: Comparison) -> None:
    alone = chosen.model_copy(update={"chosen_metrics": ["mae"]})
    assert any("Lower MAE is better." in note for note in metrics_table(alone).notes)


def test_csv_has_what_is_unrounded(chosen: Comparison) -> None:
    rows = {
        row["method"]: row for row in csv.DictReader(io.StringIO(to_csv(metrics_table(chosen))))
    }
    own = rows["at-paml"]
    assert (own["mae_mean"], own["mae_sd"], own["mae_baseline_p"]) == ("0.875", "0.25", "0.01")
    assert (own["mae_low"], own["mae_high"]) == ("0.75", "0.9375")
    assert (rows["one-score"]["mae_mean"], rows["one-score"]["mae_sd"]) == ("1.5", "")
    assert r"AT-PAML & \textit{0.875 $\pm$ 0.250}$^{*}$ &" in latex(metrics_table(chosen))


def test_nothing_chosen_is_no_table_and_a_choice_changes_no_other(
    chosen: Comparison, compared: Comparison, paper: PaperResults
) -> None:
    assert metric_tables(compared, over_splits()) == {}
    assert [*metric_tables(chosen, None)] == ["metrics"]
    assert [*metric_tables(chosen, over_splits("mae"))] == ["metrics", "metric_splits"]
    for table, write in product(TABLES.values(), (to_csv, markdown, latex)):
        assert write(table(chosen, paper)) == write(table(compared, paper))
