"""All tables of a dataset when only some kinds of methods were run."""

import csv
import io
from collections.abc import Sequence

import pytest

from pipeline_lib.evaluation.comparison import Comparison
from pipeline_lib.reporting.paper import PaperResults
from pipeline_lib.reporting.tables.all import dataset_tables
from pipeline_lib.reporting.tables.latex import latex
from pipeline_lib.reporting.tables.table import Table
from pipeline_lib.reporting.tables.write import markdown, to_csv
from pipeline_lib.settings.methods.base import Role
from tests.reporting.conftest import only
from tests.reporting.page.small_run import records
from tests.reporting.small_data import small_report

NAMES = [
    *("table1", "table2", "table3", "table4", "table5"),
    *("error_pairs", "ranking_pairs", "gaps", "definitions", "claims", "costs"),
]
NOTHING = "No method of this table was run."
COMPARED, ABLATED = ("table2", "table4"), ("table3", "table5")


def tables(comparison: Comparison, paper: PaperResults) -> dict[str, Table]:
    report = small_report(
        dataset=comparison.dataset, task=comparison.task, sample=comparison.sample
    )
    return dataset_tables(report, comparison, paper, records(comparison), None)


def names(table: Table) -> set[str]:
    return {row.name for block in table.blocks for row in block.rows}


def test_all_tables_of_a_dataset(either: Comparison, paper: PaperResults) -> None:
    found = tables(either, paper)
    assert list(found) == NAMES
    assert len({table.title for table in found.values()}) == len(NAMES)
    assert {table.dataset for table in found.values()} == {either.dataset}


@pytest.mark.parametrize("sample", [True, False])
@pytest.mark.parametrize(
    ("roles", "empty"),
    [
        (("baseline", "proposed"), ()),
        (("reference", "proposed"), ()),
        (("reference", "baseline"), ABLATED),
        (("reference",), ABLATED),
        (("proposed",), ()),
        (("ablation",), COMPARED),
    ],
)
def test_an_empty_table_says_so_and_no_more(
    compared: Comparison,
    paper: PaperResults,
    roles: Sequence[Role],
    empty: Sequence[str],
    sample: bool,
) -> None:
    partial = only(compared, *roles).model_copy(update={"sample": sample})
    for name, table in tables(partial, paper).items():
        assert (NOTHING in table.notes) is (name in empty)
        assert NOTHING in markdown(table) or name not in empty
        if name in empty:
            others = [n for n in table.notes if n != NOTHING]
            assert [n[:20] for n in others] == ["In the paper's Table"]
            assert to_csv(table).count("\n") == 1
            assert r"\midrule" not in latex(table)
            assert len([x for x in markdown(table).splitlines() if x.startswith("|")]) == 2


@pytest.mark.parametrize("name", ["item-mean", "melu", "at-paml", "paml"])
def test_one_method_alone(compared: Comparison, paper: PaperResults, name: str) -> None:
    method = compared.method(name)
    partial = only(compared, method.role)
    alone = partial.model_copy(
        update={
            "methods": [method],
            "baselines": {m: n for m, n in partial.baselines.items() if n == name},
            "pairs": [],
        }
    )
    found = tables(alone, paper)
    for table in (found["error_pairs"], found["ranking_pairs"], found["gaps"]):
        assert names(table) == {name}
        assert "Nothing to compare" in markdown(table) or table is found["gaps"]
    shown = ABLATED if method.role == "ablation" else COMPARED
    assert all(names(found[number]) == {name} for number in shown)
    for table in found.values():
        rows = list(csv.reader(io.StringIO(to_csv(table))))
        assert len({len(row) for row in rows}) == 1


def test_without_methods_in_the_paper_its_own_are_named(
    compared: Comparison, paper: PaperResults
) -> None:
    found = tables(only(compared, "reference"), paper)
    missing = (
        "In the paper's Table 2, but not run here: melu, meta-sgd, transfer, at-paml, reg-paml."
    )
    assert missing in found["table2"].notes
    assert "MeLU was not run." in found["table1"].notes
