"""Tables 2 and 4: marks, rounding, blocks and notes, worked out by hand."""

import re
from collections.abc import Callable

import pytest

from pipeline_lib.comparison import Comparison
from pipeline_lib.reporting.layout import DASH, MINUS, Table
from pipeline_lib.reporting.paper import PaperFigures
from pipeline_lib.reporting.render import markdown
from pipeline_lib.reporting.tables import table_2, table_4

Build = Callable[[Comparison, PaperFigures], Table]

SAMPLE = "SAMPLE DATA (generated), not comparable with the paper"


def lines(table: Table) -> dict[str, list[str]]:
    """Split the Markdown table into cells, by first cell."""
    rows = re.findall(r"^\| (.*) \|$", markdown(table), re.MULTILINE)
    cells = [[cell.strip() for cell in row.split(" | ")] for row in rows]
    return {first: others for first, *others in cells}


def test_table_2(compared: Comparison, paper: PaperFigures) -> None:
    rows = lines(table_2(compared, paper))
    assert rows["Method"] == [
        *("MSE", "paper", "diff."),
        *("nDCG@3", "paper", "diff."),
        *("nDCG@5", "paper", "diff."),
    ]
    assert rows["Item mean"] == [
        *("**1.000**", DASH, DASH),
        *("0.700", DASH, DASH),
        *("0.750", DASH, DASH),
    ]
    assert rows["MeLU"] == [
        *("1.500 ± 0.250", "1.451 ± 0.022", "+0.049"),
        *("*0.790 ± 0.250*", "0.793 ± 0.002", f"{MINUS}0.003"),
        *("**0.800 ± 0.250**", "0.800 ± 0.001", "+0.000"),
    ]
    assert rows["Transfer learning"] == [
        *("1.250 ± 0.250", "1.308 ± 0.016", f"{MINUS}0.058"),
        *("0.500 ± 0.250", "0.778 ± 0.001", f"{MINUS}0.278"),
        *("*0.800 ± 0.250*", "0.796 ± 0.002", "+0.004"),
    ]
    assert rows["PAML"] == [
        *(r"*1.125 ± 0.250*\*", "1.520 ± 0.034", f"{MINUS}0.395"),
        *("**0.875 ± 0.250**", "0.787", "+0.088"),
        *("0.800 ± 0.250", "0.809", f"{MINUS}0.009"),
    ]
    assert rows["REG-PAML"] == [
        *("*1.125 ± 0.250*", "1.210 ± 0.029", f"{MINUS}0.085"),
        *(r"**0.875 ± 0.250**\*", "0.779 ± 0.002", "+0.096"),
        *(DASH, "0.803 ± 0.001", DASH),
    ]


def test_table_4(compared: Comparison, paper: PaperFigures) -> None:
    rows = lines(table_4(compared, paper))
    assert rows["Method"] == ["MSE major", "paper", "MSE minor", "paper", "p", "paper"]
    assert rows["Item mean"] == ["**1.000**", DASH, "*1.500*", DASH, "0.400", DASH]
    assert rows["MeLU"] == ["1.500 ± 0.250", "1.413", DASH, "1.506", r"< 0.001\*", "0.071"]
    assert rows["Transfer learning"] == ["*1.250 ± 0.250*", "1.288", DASH, "1.340", DASH, "0.227"]
    assert rows["PAML"] == [
        *(r"**1.000 ± 0.250**\*", "1.471", "**1.250 ± 0.250**", "1.569"),
        *(r"0.049\*", "0.038"),
    ]
    assert rows["REG-PAML"] == [DASH, "1.194", DASH, "1.236", "0.050", "0.312"]


def test_table_2_of_clicks(clicks: Comparison, paper: PaperFigures) -> None:
    table = table_2(clicks, paper)
    rows = lines(table)
    assert table.title == "Ad clicks: AUC and NEL on cold-start users (the paper's Figure 3)"
    assert rows["Method"] == ["AUC", "NEL"]
    assert rows["Global mean"] == ["0.5000", "0.5000"]
    assert rows["MeLU"] == ["*0.5876 ± 0.2500*", "*0.2500 ± 0.2500*"]
    assert rows["PAML"] == [r"**0.5876 ± 0.2500**\*", "**0.2500 ± 0.2500**"]


def test_table_4_of_clicks(clicks: Comparison, paper: PaperFigures) -> None:
    table = table_4(clicks, paper)
    rows = lines(table)
    assert table.title == "Ad clicks: AUC and NEL of major and minor users"
    assert rows["Method"] == ["AUC major", "AUC minor", "NEL major", "NEL minor", "p"]
    assert rows["Global mean"] == ["0.5000", DASH, "0.5000", "**0.2500**", "0.400"]
    assert rows["MeLU"] == [
        *("*0.6250 ± 0.2500*", DASH),
        *("*0.3750 ± 0.2500*", "*0.5000 ± 0.2500*", r"< 0.001\*"),
    ]
    assert rows["PAML"] == [
        *(r"**0.7500 ± 0.2500**\*", DASH),
        *(r"**0.2500 ± 0.2500**\*", "0.7500 ± 0.2500", "0.300"),
    ]


def test_rows_stand_in_blocks_by_role(compared: Comparison, paper: PaperFigures) -> None:
    blocks = table_2(compared, paper).blocks
    assert {block.title: [row.name for row in block.rows] for block in blocks} == {
        "Reference points, not in the paper": ["item-mean"],
        "Baselines": ["melu", "transfer"],
        "Proposed methods": ["paml", "reg-paml"],
    }


def test_empty_blocks_are_left_out(compared: Comparison, paper: PaperFigures) -> None:
    baselines = [m for m in compared.methods if m.role == "baseline"]
    table = table_2(compared.model_copy(update={"methods": baselines}), paper)
    assert [block.title for block in table.blocks] == ["Baselines"]


def test_table_2_notes(compared: Comparison, paper: PaperFigures) -> None:
    assert table_2(compared, paper).notes == (
        "Mean ± sample standard deviation over seeds: n = 3 for MeLU, Transfer learning, PAML, "
        "REG-PAML; n = 1 for Item mean.",
        "Bold: best of the column; italics: second best; reference points included. Lower MSE and "
        "higher nDCG are better.",
        "* at a proposed method: differs, for better or worse, from the best baseline (MSE: "
        "Transfer learning; nDCG@3: MeLU; nDCG@5: MeLU) at p < 0.05, two-tailed t-test between "
        "the seeds' values.",
        "1,234 test users, 1,200 of whom have items to rank; split 0123456789ab.",
        f"diff.: our mean {MINUS} the paper's.",
        "paper: the figures of Yu et al. (2021), means of 3 trials on the paper's own unpublished "
        "split.",
        "PAML: the paper's figures are from its Table 3.",
        f"REG-PAML: {paper.table_2['movielens'].rows['reg-paml'].note}.",
    )


def test_table_2_notes_of_clicks(clicks: Comparison, paper: PaperFigures) -> None:
    assert table_2(clicks, paper).notes == (
        "Mean ± sample standard deviation over seeds: n = 3 for MeLU, PAML; n = 1 for Global mean.",
        "Bold: best of the column; italics: second best; reference points included. Lower NEL and "
        "higher AUC are better.",
        "NEL: mean over users of the weighted cross-entropy of their query rows (a click weighs "
        "0.9, any other row 0.1), above 0. AUC: of the query rows of all users, or of all in the "
        "group, together.",
        "* at a proposed method: differs, for better or worse, from the best baseline (AUC: MeLU; "
        "NEL: MeLU) at p < 0.05, two-tailed t-test between the seeds' values.",
        "1,234 test users; split 0123456789ab.",
        "Yu et al. (2021) show clicks only as bars (Figure 3), of a private log; ours is another, "
        "so these do not compare: AUC best 0.5882, second 0.5806, best baseline 0.5796; NEL best "
        f"{MINUS}0.5426, second {MINUS}0.5382, best baseline {MINUS}0.5080. This NEL has the sign "
        "opposite to ours; with ours, its best would be its largest loss.",
    )


def test_table_4_notes_of_clicks(clicks: Comparison, paper: PaperFigures) -> None:
    assert table_4(clicks, paper).notes[-1] == (
        "p: two-tailed t-test between the NEL of major and of minor users, each user's averaged "
        "over seeds (n = 734 major and 500 minor users); * where p < 0.05."
    )


def test_table_4_notes(compared: Comparison, paper: PaperFigures) -> None:
    *_, test, _, source, every_row, reg_paml = table_4(compared, paper).notes
    assert test == (
        "p: two-tailed t-test between the MSE of major and of minor users, each user's averaged "
        "over seeds (n = 734 major and 500 minor users); * where p < 0.05."
    )
    assert source == "PAML: the paper's figures are from its Table 5."
    assert every_row == f"{paper.table_4['movielens'].note}."
    assert reg_paml == f"REG-PAML: {paper.table_4['movielens'].rows['reg-paml'].note}."


def test_no_star_is_explained_without_baselines(compared: Comparison, paper: PaperFigures) -> None:
    table = table_2(compared.model_copy(update={"baselines": {}}), paper)
    assert not any(note.startswith("*") for note in table.notes)


@pytest.mark.parametrize("build", [table_2, table_4])
def test_sample_data_is_labelled_and_stands_alone(
    either: Comparison, paper: PaperFigures, build: Build
) -> None:
    table = build(either.model_copy(update={"sample": True}), paper)
    assert table.title.startswith(f"{SAMPLE}. {either.title}: ")
    assert table.notes[0] == f"{SAMPLE}."
    assert not any(note.startswith(("paper:", "diff.:", "PAML:", "Yu")) for note in table.notes)
    assert not any("paper" in column.header for column in table.columns)


def test_a_dataset_not_in_the_paper_stands_alone(compared: Comparison, paper: PaperFigures) -> None:
    table = table_2(compared.model_copy(update={"dataset": "other"}), paper)
    assert [column.header for column in table.columns] == ["MSE", "nDCG@3", "nDCG@5"]
