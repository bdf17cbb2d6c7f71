"""Tables 2 to 5: marks, rounding, blocks and differences, worked out by hand."""

import re
from collections.abc import Callable
from functools import partial

import pytest

from pipeline_lib.evaluation.comparison import Comparison
from pipeline_lib.reporting.paper import PaperResults
from pipeline_lib.reporting.tables.methods import LAYOUTS, methods_table
from pipeline_lib.reporting.tables.table import DASH, MINUS, Table
from pipeline_lib.reporting.tables.write import markdown
from tests.reporting.conftest import only

Build = Callable[[Comparison, PaperResults], Table]

SAMPLE = "SAMPLE DATA (generated), not comparable with the paper"
TABLES: dict[int, Build] = {number: partial(methods_table, number) for number in LAYOUTS}
every_table = pytest.mark.parametrize("build", TABLES.values(), ids=TABLES)


def lines(table: Table) -> dict[str, list[str]]:
    """Split the Markdown table into cells, by first cell."""
    rows = re.findall(r"^\| (.*) \|$", markdown(table), re.MULTILINE)
    cells = [[cell.strip() for cell in row.split(" | ")] for row in rows]
    return {first: others for first, *others in cells}


def test_table_2(compared: Comparison, paper: PaperResults) -> None:
    rows = lines(TABLES[2](compared, paper))
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
    assert rows["AT-PAML"] == [
        *(r"*1.125 ± 0.250*\*", "1.322 ± 0.007", f"{MINUS}0.197"),
        *("**0.875 ± 0.250**", "0.788 ± 0.003", "+0.087"),
        *("0.800 ± 0.250", r"0.806 ± 0.006\*", f"{MINUS}0.006"),
    ]
    assert rows["REG-PAML"] == [
        *("*1.125 ± 0.250*", r"1.210 ± 0.029\*", f"{MINUS}0.085"),
        *(r"**0.875 ± 0.250**\*", "0.779 ± 0.002", "+0.096"),
        *(DASH, "0.803 ± 0.001", DASH),
    ]
    assert "PAML" not in rows


def test_table_3_ranks_proposed_methods_and_their_variants_alone(
    compared: Comparison, paper: PaperResults
) -> None:
    table = TABLES[3](compared, paper)
    rows = lines(table)
    assert table.title == (
        "MovieLens-1M: ablation, error and ranking on cold-start users (the paper's Table 3)"
    )
    assert rows["AT-PAML"] == [
        *("*1.125 ± 0.250*", "1.322 ± 0.007", f"{MINUS}0.197"),
        *(r"**0.875 ± 0.250**\*", "0.788 ± 0.003", "+0.087"),
        *("*0.800 ± 0.250*", "0.806 ± 0.006", f"{MINUS}0.006"),
    ]
    assert rows["REG-PAML"] == [
        *("*1.125 ± 0.250*", "1.210 ± 0.013", f"{MINUS}0.085"),
        *("**0.875 ± 0.250**", r"0.791 ± 0.002\*", "+0.084"),
        *(DASH, r"0.814 ± 0.004\*", DASH),
    ]
    assert rows["PAML"] == [
        *("**1.000 ± 0.250**", "1.520 ± 0.034", f"{MINUS}0.520"),
        *("*0.750 ± 0.250*", "0.787 ± 0.001", f"{MINUS}0.037"),
        *("**0.875 ± 0.250**", "0.809 ± 0.004", "+0.066"),
    ]


def test_table_4(compared: Comparison, paper: PaperResults) -> None:
    rows = lines(TABLES[4](compared, paper))
    assert rows["Method"] == [
        *("MSE major", "paper", "diff."),
        *("MSE minor", "paper", "diff."),
        *("p", "paper"),
    ]
    assert rows["Item mean"] == ["**1.000**", DASH, DASH, "*1.500*", DASH, DASH, "0.400", DASH]
    assert rows["MeLU"] == [
        *("1.500 ± 0.250", "1.413 ± 0.025", "+0.087"),
        *(DASH, "1.506 ± 0.021", DASH),
        *("< 0.001", "0.071"),
    ]
    assert rows["Transfer learning"] == [
        *("*1.250 ± 0.250*", "1.288 ± 0.016", f"{MINUS}0.038"),
        *(DASH, "1.340 ± 0.013", DASH),
        *(DASH, "0.227"),
    ]
    assert rows["AT-PAML"] == [
        *("**1.000 ± 0.250**", "1.284 ± 0.005", f"{MINUS}0.284"),
        *("**1.250 ± 0.250**", "1.382 ± 0.011", f"{MINUS}0.132"),
        *("0.049", "0.018"),
    ]
    assert rows["REG-PAML"] == [
        *(DASH, "1.194 ± 0.019", DASH),
        *(DASH, "1.236 ± 0.011", DASH),
        *("0.050", "0.312"),
    ]
    assert "PAML" not in rows


def test_table_5(compared: Comparison, paper: PaperResults) -> None:
    table = TABLES[5](compared, paper)
    rows = lines(table)
    assert (
        table.title == "MovieLens-1M: ablation, MSE of major and minor users (the paper's Table 5)"
    )
    assert rows["AT-PAML"] == lines(TABLES[4](compared, paper))["AT-PAML"]
    assert rows["REG-PAML"] == [
        *(DASH, "1.196 ± 0.019", DASH),
        *(DASH, "1.183 ± 0.024", DASH),
        *("0.050", "0.738"),
    ]
    assert rows["PAML"] == [
        *("*1.125 ± 0.250*", "1.471 ± 0.036", f"{MINUS}0.346"),
        *("*1.500 ± 0.250*", "1.569 ± 0.031", f"{MINUS}0.069"),
        *("0.001", "0.038"),
    ]


def test_table_2_of_clicks(clicks: Comparison, paper: PaperResults) -> None:
    table = TABLES[2](clicks, paper)
    rows = lines(table)
    assert table.title == "Ad clicks: AUC and NEL on cold-start users (the paper's Figure 3)"
    assert rows["Method"] == ["AUC", "AUC per user", "NEL"]
    assert rows["Global mean"] == ["0.5000", "0.5000", "0.5000"]
    assert rows["MeLU"] == ["*0.5876 ± 0.2500*", "*0.5625 ± 0.2500*", "*0.2500 ± 0.2500*"]
    assert rows["AT-PAML"] == [
        *(r"**0.5876 ± 0.2500**\*", r"**0.6250 ± 0.2500**\*"),
        "**0.2500 ± 0.2500**",
    ]


def test_table_4_of_clicks(clicks: Comparison, paper: PaperResults) -> None:
    table = TABLES[4](clicks, paper)
    rows = lines(table)
    assert table.title == "Ad clicks: AUC and NEL of major and minor users"
    assert rows["Method"] == ["AUC major", "AUC minor", "NEL major", "NEL minor", "p"]
    assert rows["Global mean"] == ["0.5000", DASH, "0.5000", "**0.2500**", "0.400"]
    assert rows["MeLU"] == [
        *("*0.6250 ± 0.2500*", DASH),
        *("*0.3750 ± 0.2500*", "*0.5000 ± 0.2500*", "< 0.001"),
    ]
    assert rows["AT-PAML"] == [
        *("**0.7500 ± 0.2500**", DASH),
        *("**0.2500 ± 0.2500**", "0.7500 ± 0.2500", "0.300"),
    ]


@pytest.mark.parametrize(
    ("number", "title", "columns"),
    [
        (3, "AUC and NEL on cold-start users", 3),
        (5, "AUC and NEL of major and minor users", 5),
    ],
)
def test_ablations_of_clicks(
    clicks: Comparison, paper: PaperResults, number: int, title: str, columns: int
) -> None:
    table = TABLES[number](clicks, paper)
    assert table.title == f"Ad clicks: ablation, {title}"
    rows = lines(table)
    assert len(rows["Method"]) == columns
    assert rows["AT-PAML"][0].startswith("**")
    assert "MeLU" not in rows


@pytest.mark.parametrize("number", [2, 4])
def test_rows_stand_in_blocks_by_role(
    compared: Comparison, paper: PaperResults, number: int
) -> None:
    blocks = TABLES[number](compared, paper).blocks
    assert {block.title: [row.name for row in block.rows] for block in blocks} == {
        "Reference points, not in the paper": ["item-mean"],
        "Baselines": ["melu", "transfer"],
        "Proposed methods": ["at-paml", "reg-paml"],
    }


def test_a_rival_is_no_reference_point(compared: Comparison, paper: PaperResults) -> None:
    rival = compared.method("transfer").model_copy(update={"role": "rival"})
    methods = [rival if m.name == "transfer" else m for m in compared.methods]
    blocks = TABLES[2](compared.model_copy(update={"methods": methods}), paper).blocks
    assert [(block.title, [row.name for row in block.rows]) for block in blocks[:3]] == [
        ("Reference points, not in the paper", ["item-mean"]),
        ("Rivals, not in the paper", ["transfer"]),
        ("Baselines", ["melu"]),
    ]


@pytest.mark.parametrize("number", [3, 5])
def test_ablations_stand_below_the_proposed_methods(
    compared: Comparison, paper: PaperResults, number: int
) -> None:
    blocks = TABLES[number](compared, paper).blocks
    assert {block.title: [row.name for row in block.rows] for block in blocks} == {
        "Proposed methods": ["at-paml", "reg-paml"],
        "Ablations": ["paml"],
    }


def test_empty_blocks_are_left_out(compared: Comparison, paper: PaperResults) -> None:
    table = TABLES[2](only(compared, "baseline"), paper)
    assert [block.title for block in table.blocks] == ["Baselines"]


@every_table
def test_sample_data_is_labelled_and_stands_alone(
    either: Comparison, paper: PaperResults, build: Build
) -> None:
    table = build(either.model_copy(update={"sample": True}), paper)
    assert table.title.startswith(f"{either.title}: ")
    assert table.file_title == f"{SAMPLE}. {table.title}"
    assert table.file_notes == (f"{SAMPLE}.", *table.notes)
    sources = ("paper:", "diff.:", "AT-PAML:", "PAML:", "REG-PAML:", "Yu")
    assert not any(note.startswith(sources) for note in table.notes)
    assert not any("paper" in column.header for column in table.columns)


@every_table
def test_a_dataset_not_in_the_paper_stands_alone(
    compared: Comparison, paper: PaperResults, build: Build
) -> None:
    table = build(compared.model_copy(update={"dataset": "other"}), paper)
    headers = {"MSE", "nDCG@3", "nDCG@5", "MSE major", "MSE minor", "p"}
    assert {column.header for column in table.columns} <= headers
    assert not any("Yu et al." in note for note in table.notes)
