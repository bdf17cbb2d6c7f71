"""Table 1: shares, MeLU's errors and the paper's, worked out by hand."""

import csv
import io

import pytest

from pipeline_lib.evaluation.comparison import Comparison
from pipeline_lib.reporting.data_report.record import DataReport
from pipeline_lib.reporting.paper import PaperResults
from pipeline_lib.reporting.tables.groups import table_1
from pipeline_lib.reporting.tables.latex import latex
from pipeline_lib.reporting.tables.table import DASH, MINUS
from pipeline_lib.reporting.tables.write import to_csv
from tests.reporting.small_data import small_report
from tests.reporting.tables.test_methods import SAMPLE, lines


@pytest.fixture
def report() -> DataReport:
    return small_report()


def test_the_papers_figures(paper: PaperResults) -> None:
    assert paper.table_1["movielens"].percent == {
        "gender": 71.7,
        "age": 72.4,
        "occupation": 64.0,
        "zip": 56.7,
    }
    assert list(paper.table_1) == ["movielens"]


def test_table_1(report: DataReport, compared: Comparison, paper: PaperResults) -> None:
    table = table_1(report, compared, paper)
    assert table.title == "MovieLens-1M: major and minor users (the paper's Table 1)"
    rows = lines(table)
    rule = next(first for first in rows if first.startswith(":-"))
    del rows[rule]
    assert rows == {
        "Users kept": ["Share", "paper", "diff.", "MeLU MSE", "paper", "diff."],
        "*With a common value of*": ["", "", "", "", "", ""],
        "gender": ["66.7 %", "71.7 %", f"{MINUS}5.0", DASH, DASH, DASH],
        "age": ["25.0 %", "72.4 %", f"{MINUS}47.4", DASH, DASH, DASH],
        "*In the group*": ["", "", "", "", "", ""],
        "major": ["66.7 %", "65 %", "+1.7", "1.500 ± 0.250", "1.413 ± 0.025", "+0.087"],
        "minor": ["33.3 %", "35 %", f"{MINUS}1.7", DASH, "1.506 ± 0.021", DASH],
    }


def test_notes(report: DataReport, compared: Comparison, paper: PaperResults) -> None:
    assert table_1(report, compared, paper).notes == (
        "Share: of the 3 users kept. Common: one of the 30 % of a feature's values, rounded up, "
        "that most of them have. Major: with a common value in at least 1 of these 2 features.",
        "MeLU: over the test users alone, 734 major and 500 minor ones.",
        "Mean ± sample standard deviation over seeds: n = 3 for MeLU.",
        "Split 0123456789ab.",
        f"diff.: ours {MINUS} the paper's; of shares, in percentage points. paper: Yu et al. "
        "(2021), Tables 1 and 6; MeLU's MSE: Table 4.",
        f"{paper.table_1['movielens'].note}.",
    )


def test_without_melu(report: DataReport, compared: Comparison, paper: PaperResults) -> None:
    others = [m for m in compared.methods if m.name != "melu"]
    table = table_1(report, compared.model_copy(update={"methods": others}), paper)
    assert "MeLU was not run." in table.notes
    assert lines(table)["major"] == ["66.7 %", "65 %", "+1.7", DASH, "1.413 ± 0.025", DASH]
    assert not any("seed" in note for note in table.notes)
    row = next(r for r in csv.DictReader(io.StringIO(to_csv(table))) if r["name"] == "major")
    assert (row["melu_mse_mean"], row["paper_melu_mse_mean"]) == ("", "1.413")
    assert row["melu_mse_difference"] == ""


def test_melu_with_one_seed(report: DataReport, compared: Comparison, paper: PaperResults) -> None:
    melu = compared.method("melu").model_copy(update={"seeds": [0]})
    table = table_1(report, compared.model_copy(update={"methods": [melu]}), paper)
    assert "One seed only (n = 1): no standard deviation, and no test between seeds." in table.notes


def test_clicks_on_another_log(clicks: Comparison, paper: PaperResults) -> None:
    table = table_1(small_report(dataset="taobao", task=clicks.task), clicks, paper)
    rows = lines(table)
    assert rows["Users kept"] == ["Share", "paper", "diff.", "MeLU NEL"]
    assert rows["gender"] == ["66.7 %", DASH, DASH, DASH]
    assert rows["major"] == ["66.7 %", "71 %", f"{MINUS}4.3", "0.3750 ± 0.2500"]
    assert rows["minor"] == ["33.3 %", "29 %", "+4.3", "0.5000 ± 0.2500"]
    assert table.notes[-2:] == (
        f"diff.: ours {MINUS} the paper's; of shares, in percentage points. paper: Yu et al. "
        "(2021), Tables 1 and 6.",
        "The paper's log is private; ours is another, so the two do not compare.",
    )


def test_a_dataset_not_in_the_paper(compared: Comparison, paper: PaperResults) -> None:
    table = table_1(small_report(dataset="mine"), compared, paper)
    assert [column.header for column in table.columns] == ["Share", "MeLU MSE"]
    assert not any("Yu et al." in note for note in table.notes)


def test_sample_data_stands_alone(compared: Comparison, paper: PaperResults) -> None:
    table = table_1(small_report(sample=True), compared, paper)
    assert table.file_title.startswith(f"{SAMPLE}. MovieLens-1M: ")
    assert table.file_notes[0] == f"{SAMPLE}."
    assert [column.header for column in table.columns] == ["Share", "MeLU MSE"]


def test_other_splits_are_refused(compared: Comparison, paper: PaperResults) -> None:
    with pytest.raises(ValueError, match="movielens: the report and the comparison are of differ"):
        table_1(small_report(split_sha256="other"), compared, paper)


def test_csv(report: DataReport, compared: Comparison, paper: PaperResults) -> None:
    text = to_csv(table_1(report, compared, paper))
    assert text.splitlines()[0] == (
        "dataset,sample,role,name,label,share,paper_share,share_difference,melu_mse_mean,"
        "melu_mse_sd,paper_melu_mse_mean,paper_melu_mse_sd,melu_mse_difference"
    )
    gender, _, major, minor = (list(row.values()) for row in csv.DictReader(io.StringIO(text)))
    assert gender == [
        *("movielens", "false", "feature", "gender", "gender"),
        *(str(2 / 3), "0.717", str(2 / 3 - 0.717), "", "", "", "", ""),
    ]
    assert major == [
        *("movielens", "false", "group", "major", "major"),
        *(str(2 / 3), "0.65", str(2 / 3 - 0.65), "1.5", "0.25", "1.413", "0.025", str(1.5 - 1.413)),
    ]
    assert minor == [
        *("movielens", "false", "group", "minor", "minor"),
        *(str(1 / 3), "0.35", str(1 / 3 - 0.35), "", "", "1.506", "0.021", ""),
    ]


def test_latex(report: DataReport, compared: Comparison, paper: PaperResults) -> None:
    text = latex(table_1(report, compared, paper))
    assert r"Users kept & Share & paper & diff. & MeLU MSE & paper & diff. \\" in text
    assert r"\multicolumn{7}{l}{\textit{With a common value of}} \\" in text
    assert r"gender & 66.7 \% & 71.7 \% & $-$5.0 & --- & --- & --- \\" in text
    assert (
        r"major & 66.7 \% & 65 \% & +1.7 & 1.500 $\pm$ 0.250 & 1.413 $\pm$ 0.025 & +0.087 \\"
        in text
    )
