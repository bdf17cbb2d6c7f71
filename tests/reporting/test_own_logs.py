"""Tables, figures and pages of own logs: without the paper's matter, with the groups explained."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from matplotlib import style

from pipeline_lib.evaluation.comparison import ACTIVITY, Comparison
from pipeline_lib.reporting.drawing.plot import figures_for, plots, summary_of
from pipeline_lib.reporting.drawing.style import STYLE
from pipeline_lib.reporting.drawing.view import View
from pipeline_lib.reporting.page.data import data_page
from pipeline_lib.reporting.paper import PaperResults
from pipeline_lib.reporting.tables.all import dataset_tables
from pipeline_lib.reporting.tables.datasets import table_6
from pipeline_lib.reporting.tables.table import Table
from pipeline_lib.reporting.tables.write import markdown, to_csv
from tests.reporting.drawing.worlds import CLICK, METHODS, RATING, invented
from tests.reporting.page.small_run import records, separation
from tests.reporting.small_data import small_report

OWN: dict[str, Any] = {"dataset": "shop", "title": "My shop", "of_paper": False}


@pytest.fixture
def own(either: Comparison) -> Comparison:
    """The results of own logs, whose users have no features."""
    return either.model_copy(update={**OWN, "by_activity": True})


def tables_of(comparison: Comparison, paper: PaperResults) -> dict[str, Table]:
    report = small_report(
        **OWN, split_sha256=comparison.split_sha256, user_features=[], task=comparison.task
    )
    return {
        **dataset_tables(report, comparison, paper, records(comparison), separation()),
        "table6": table_6([report], paper),
    }


def texts(tables: Sequence[Table]) -> list[str]:
    return [render(table) for table in tables for render in (markdown, to_csv)]


def test_no_table_names_the_paper(own: Comparison, paper: PaperResults) -> None:
    assert [t for t in texts([*tables_of(own, paper).values()]) if "paper" in t.lower()] == []


def test_of_a_dataset_of_the_paper_tables_do(compared: Comparison, paper: PaperResults) -> None:
    tables = tables_of(compared, paper)
    assert "(the paper's Table 2)" in tables["table2"].title
    assert "(the paper's Table 1)" in tables["table1"].title


def test_tables_of_groups_say_that_these_go_by_activity(
    own: Comparison, either: Comparison, paper: PaperResults
) -> None:
    by_group = ("table1", "table4", "table5", "gaps")
    tables = tables_of(own, paper)
    assert [name for name in by_group if ACTIVITY not in " ".join(tables[name].notes)] == []
    assert "With a common value" not in markdown(tables["table1"])
    by_features = tables_of(either, paper)
    assert [n for n in by_group if ACTIVITY in " ".join(by_features[n].notes)] == []


@pytest.mark.parametrize("task", [RATING, CLICK])
def test_captions_name_no_paper_and_say_who_is_major(task: object) -> None:
    results = invented(METHODS, users=30, task=task)  # type: ignore[arg-type]
    own = results.comparison.model_copy(update={**OWN, "by_activity": True})
    names = [n for n in figures_for(own.task.kind, METHODS) if n != "failure"]
    with style.context(["default", STYLE]):
        captions = {
            name: plots()[name].caption(View(plots()[name].tidy(replace(results)), own))
            for name in names
        }
    assert [name for name, caption in captions.items() if "paper" in caption] == []
    assert sum(ACTIVITY in caption for caption in captions.values()) >= 3


def test_summaries_name_the_paper_where_it_is_of_use() -> None:
    assert summary_of("failure", of_paper=True).endswith("(the paper's Figure 8).")
    assert summary_of("failure", of_paper=False) == (
        "AT-PAML beside its failure with a large outer learning rate."
    )


def test_the_data_report_says_that_nothing_is_known_and_who_is_major() -> None:
    page = data_page(small_report(**OWN, user_features=[], item_features=[], computed_features=[]))
    assert ACTIVITY in page
    assert "None are known: all users have one embedding" in page
    assert "None are known: an item's id is its one feature" in page
    assert "Common values" not in page
    assert "paper" not in page
    assert ACTIVITY not in data_page(small_report())
