"""Which definition gives the paper's figures: cells and distances worked out by hand."""

import csv
import io

import pytest

from pipeline_lib.evaluation.comparison import Comparison
from pipeline_lib.reporting.paper import PaperResults
from pipeline_lib.reporting.tables.definitions import definitions_table
from pipeline_lib.reporting.tables.latex import latex
from pipeline_lib.reporting.tables.table import DASH, MINUS
from pipeline_lib.reporting.tables.write import to_csv
from tests.reporting.conftest import only
from tests.reporting.tables.test_methods import lines

RUN = ("melu", "transfer", "at-paml", "reg-paml", "paml")
THREE, FIVE = (f"nDCG@{k} with gain R" for k in (3, 5))


def test_ratings(compared: Comparison, paper: PaperResults) -> None:
    table = definitions_table(compared, paper)
    assert table.title == "MovieLens-1M: which definition gives the paper's figures (a guess)"
    rows = lines(table)
    assert rows["Scored by"] == ["nDCG@3", THREE, "paper", "nDCG@5", FIVE, "paper"]
    assert rows["One score for all"] == ["0.600", "0.800", DASH, DASH, "0.820", DASH]
    assert rows["MeLU"] == [
        *("0.790 ± 0.250", "0.825 ± 0.250", "0.793 ± 0.002"),
        *("0.800 ± 0.250", DASH, "0.800 ± 0.001"),
    ]
    assert table.blocks[0].rows[0].name == "one-score"


def test_how_far_the_papers_figures_are(compared: Comparison, paper: PaperResults) -> None:
    """Of nine figures, without Figure 8's, five are of methods run here, one by both."""
    tables = (paper.table_3["movielens"], paper.table_2["movielens"])
    rows = [row for table in tables for row in table.rows.items()]
    printed = {n: row.means["ndcg_3"].mean for n, row in rows if n != "at-paml-outer-5e-4"}
    assert len(printed) == 9
    ours = [abs(compared.method(name).metrics["ndcg_3"].mean - printed[name]) for name in RUN]
    by_chance = [sum(abs(x - chance) for x in printed.values()) / 9 for chance in (0.6, 0.8)]
    expected = (
        "The paper's 9 figures, 0.773 to 0.793, are on average by nDCG@3 "
        f"{by_chance[0]:.3f} from an order by chance and {sum(ours) / 5:.3f} from ours (5 of "
        f"them); by {THREE} {by_chance[1]:.3f} from an order by chance and 0.032 from ours (1 of "
        "them)."
    )
    notes = definitions_table(compared, paper).notes
    assert [note for note in notes if note.startswith("The paper's")] == [expected]
    alone = definitions_table(only(compared, "reference"), paper).notes
    chance = (
        f"by nDCG@3 {by_chance[0]:.3f} from an order by chance; by {THREE} {by_chance[1]:.3f} from "
        "an order by chance."
    )
    assert any(note.endswith(chance) for note in alone)


def test_clicks(clicks: Comparison, paper: PaperResults) -> None:
    table = definitions_table(clicks, paper)
    rows = lines(table)
    reading = f"{MINUS}p(true class)"
    assert rows["Scored by"] == ["NEL", reading]
    assert rows["One score for all"] == ["0.1250", f"{MINUS}0.7500"]
    assert rows["MeLU"] == ["0.2500 ± 0.2500", f"{MINUS}0.6250 ± 0.2500"]
    assert any(f"NEL best {MINUS}0.5426" in note for note in table.notes)
    assert r"$-$p(true class)" in latex(table)


@pytest.mark.parametrize("change", [{"sample": True}, {"of_paper": False, "dataset": "other"}])
def test_other_data_has_no_figures_of_the_paper(
    either: Comparison, paper: PaperResults, change: dict[str, object]
) -> None:
    table = definitions_table(either.model_copy(update=change), paper)
    assert table.title == f"{either.title}: other definitions"
    assert not any(column.header in {"paper", "diff."} for column in table.columns)
    assert not any("paper's" in note or "Yu" in note for note in table.notes)


def test_what_was_not_run_or_has_no_value_is_left_out(
    compared: Comparison, paper: PaperResults
) -> None:
    alone = only(compared, "reference").model_copy(update={"one_score": {}})
    table = definitions_table(alone, paper)
    rows = lines(table)
    assert set(rows["One score for all"]) == {DASH}
    assert not any(note.startswith("The paper's") for note in table.notes)


def test_csv_holds_the_unrounded_numbers(compared: Comparison, paper: PaperResults) -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(definitions_table(compared, paper)))))
    first = rows[0]
    assert (first["method"], first["role"], first["seeds"]) == ("one-score", "one-score", "")
    assert (first["ndcg_3_mean"], first["ndcg_3_linear_mean"]) == ("0.6", "0.8")
    melu = next(row for row in rows if row["method"] == "melu")
    assert (melu["ndcg_3_linear_mean"], melu["paper_ndcg_3_mean"]) == ("0.825", "0.793")
