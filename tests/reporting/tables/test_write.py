"""CSV read back, Markdown aligned, files written."""

import csv
import io
from pathlib import Path

import pytest

from pipeline_lib.evaluation.comparison import Comparison
from pipeline_lib.reporting.paper import PaperResults
from pipeline_lib.reporting.tables.latex import latex
from pipeline_lib.reporting.tables.table import Table
from pipeline_lib.reporting.tables.write import markdown, to_csv, write_table_files
from tests.reporting.tables.test_methods import TABLES, Build, every_table


def records(table: Table) -> dict[str, dict[str, str]]:
    return {row["method"]: row for row in csv.DictReader(io.StringIO(to_csv(table)))}


SHOWN = {"rating": ("mse", "ndcg_3", "ndcg_5"), "click": ("auc", "auc_user", "nel")}
BY_GROUP = {
    "rating": ("mse_major", "mse_minor"),
    "click": ("auc_major", "auc_minor", "nel_major", "nel_minor"),
}


@pytest.mark.parametrize(
    ("number", "roles", "metrics"),
    [
        (2, ("reference", "baseline", "proposed"), SHOWN),
        (3, ("proposed", "ablation"), SHOWN),
        (4, ("reference", "baseline", "proposed"), BY_GROUP),
        (5, ("proposed", "ablation"), BY_GROUP),
    ],
)
def test_csv_holds_the_unrounded_numbers(
    either: Comparison,
    paper: PaperResults,
    number: int,
    roles: tuple[str, ...],
    metrics: dict[str, tuple[str, ...]],
) -> None:
    rows = records(TABLES[number](either, paper))
    shown = [m for m in either.methods if m.role in roles]
    assert list(rows) == [m.name for m in shown]
    for result in shown:
        for metric in metrics[either.task.kind]:
            statistic = result.metrics.get(metric)
            for field in ("mean", "sd", "paml_p" if number in (3, 5) else "baseline_p"):
                expected = getattr(statistic, field, None)
                text = rows[result.name][f"{metric}_{field}"]
                assert (float(text) if text else None) == expected


def test_csv_holds_the_papers_numbers_and_the_difference(
    compared: Comparison, paper: PaperResults
) -> None:
    row = records(TABLES[2](compared, paper))["melu"]
    assert (row["paper_mse_mean"], row["paper_mse_sd"]) == ("1.451", "0.022")
    assert float(row["mse_difference"]) == 1.5 - 1.451
    row = records(TABLES[4](compared, paper))["melu"]
    assert (row["group_p"], row["paper_group_p"]) == ("0.0004", "0.071")
    assert (row["paper_mse_minor_mean"], row["paper_mse_minor_sd"]) == ("1.506", "0.021")
    assert float(row["mse_major_difference"]) == 1.5 - 1.413
    assert row["mse_minor_difference"] == ""
    row = records(TABLES[3](compared, paper))["paml"]
    assert (row["paper_mse_mean"], row["paper_ndcg_3_sd"]) == ("1.52", "0.001")
    row = records(TABLES[5](compared, paper))["paml"]
    assert (row["role"], row["paper_mse_major_mean"]) == ("ablation", "1.471")
    assert float(row["mse_major_difference"]) == 1.125 - 1.471


@pytest.mark.parametrize("sample", [True, False])
def test_csv_says_what_each_row_is(compared: Comparison, paper: PaperResults, sample: bool) -> None:
    row = records(TABLES[2](compared.model_copy(update={"sample": sample}), paper))["item-mean"]
    identity = [row[k] for k in ("dataset", "sample", "role", "method", "label", "seeds")]
    assert identity == [
        *("movielens", str(sample).lower(), "reference"),
        *("item-mean", "Item mean", "1"),
    ]
    assert ("paper_mse_mean" in row) is not sample


@every_table
def test_markdown_is_aligned(oddly_named: Comparison, paper: PaperResults, build: Build) -> None:
    table = [x for x in markdown(build(oddly_named, paper)).splitlines() if x.startswith("|")]
    assert len({len(line) for line in table}) == 1
    assert set(table[1]) == set("|:- ")


def test_markdown_escapes_labels(oddly_named: Comparison, paper: PaperResults) -> None:
    text = markdown(TABLES[2](oddly_named, paper))
    assert r"| \[a\]\* & b\_{c} % \\ é " in text
    assert r" ~^ \<d\|> #$ < 1 |" in text


@every_table
def test_writes_three_files_beside_each_other(
    either: Comparison, paper: PaperResults, build: Build, tmp_path: Path
) -> None:
    table = build(either, paper)
    write_table_files(table, tmp_path / "tables" / "table-2.movielens")
    assert {p.name: p.read_text("utf-8") for p in (tmp_path / "tables").iterdir()} == {
        "table-2.movielens.csv": to_csv(table),
        "table-2.movielens.md": markdown(table),
        "table-2.movielens.tex": latex(table),
    }
