"""All tables of a dataset when only some kinds of methods were run."""

import csv
import io
import re
from collections.abc import Sequence

import pytest

from pipeline_lib.evaluation.comparison import Comparison
from pipeline_lib.evaluation.stopped import StoppedMethod
from pipeline_lib.reporting.paper import PaperResults
from pipeline_lib.reporting.tables.all import dataset_tables
from pipeline_lib.reporting.tables.latex import latex
from pipeline_lib.reporting.tables.table import DASH, Row, Table
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


def without_method(comparison: Comparison, name: str) -> Comparison:
    """Leave a method out, and what was said of it."""
    left = {
        "methods": [m for m in comparison.methods if m.name != name],
        "baselines": {m: n for m, n in comparison.baselines.items() if n != name},
        "references": {m: n for m, n in comparison.references.items() if n != name},
        "pairs": [p for p in comparison.pairs if name not in (p.left, p.right)],
        "outer_rates": dict.fromkeys((m.name for m in comparison.methods), 5e-6),
    }
    return comparison.model_copy(update=left)


@pytest.mark.parametrize("name", ["item-mean", "melu", "at-paml", "paml"])
def test_a_method_that_was_stopped_has_a_row_of_dashes_and_a_note(
    compared: Comparison, paper: PaperResults, name: str
) -> None:
    """All else is as if it had not been run, but for what the paper has of it."""
    own, without = compared.method(name), without_method(compared, name)
    about = own.model_dump(include={"name", "label", "role", "seeds"})
    stopped = StoppedMethod(**about, reasons={"seed 1": "epoch 3: too large"})
    found = tables(without.model_copy(update={"stopped": [stopped]}), paper)
    elsewhere = {"reference": ABLATED, "baseline": ABLATED, "ablation": COMPARED}
    for title, before in tables(without, paper).items():
        table = found[title]
        shown = title != "table1" and title not in elsewhere.get(own.role, ())
        assert names(table) - names(before) == ({name} if shown else set())
        if shown:
            ours = [column for column in table.columns if column.header != "paper"]
            assert {column.cell(name).text for column in ours} == {DASH}
            assert table.notes[-1] == stopped.note
            assert not re.search(rf"not run here:.* {name}[,.]", " ".join(table.notes))
        for row in (Row(other, other) for other in names(before)):
            assert table.cells(row) == before.cells(row)
    assert (stopped.note in found["table1"].notes) is (name == "melu")
