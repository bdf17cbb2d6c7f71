"""Methods at several outer rates: blocks by rate, worked out by hand."""

import pytest

from pipeline_lib.evaluation.comparison import Comparison
from pipeline_lib.reporting.paper import PaperResults
from pipeline_lib.reporting.tables.all import dataset_tables
from pipeline_lib.reporting.tables.rates import NO_STARS, OF_PAPER, rates_table
from tests.reporting.page.small_run import records
from tests.reporting.small_data import small_report
from tests.reporting.tables.test_methods import lines

RATES = {"reg-paml": 5e-5, "transfer": 5e-6, "melu": 5e-5, "paml": 5e-6, "at-paml": 5e-4}


@pytest.fixture
def at_rates(compared: Comparison) -> Comparison:
    return compared.model_copy(update={"outer_rates": RATES})


def test_a_block_holds_the_methods_of_a_rate(at_rates: Comparison) -> None:
    table = rates_table(at_rates)
    assert table.title == "MovieLens-1M: methods at several outer rates, all else alike"
    found = {block.title: [row.name for row in block.rows] for block in table.blocks}
    assert found == {
        "Outer rate β = 5e-6": ["transfer", "paml"],
        "Outer rate β = 5e-5": ["melu", "reg-paml"],
        "Outer rate β = 5e-4": ["at-paml"],
    }
    assert [block.role for block in table.blocks] == ["5e-06", "5e-05", "0.0005"]


@pytest.mark.parametrize(
    ("rate", "heading"),
    [(2.5e-5, "2.5e-5"), (2e-5, "2e-5"), (1.25e-3, "1.25e-3"), (0.1, "1e-1"), (1e-10, "1e-10")],
)
def test_a_heading_has_all_digits_of_its_rate(
    compared: Comparison, rate: float, heading: str
) -> None:
    table = rates_table(compared.model_copy(update={"outer_rates": {"melu": rate}}))
    assert [block.title for block in table.blocks] == [f"Outer rate β = {heading}"]


def test_no_method_is_starred_against_a_baseline_at_another_rate(at_rates: Comparison) -> None:
    """PAML is better than the best baseline, Transfer learning, at p = 0.01."""
    table = rates_table(at_rates)
    cells = [cell for column in table.columns for cell in column.cells.values()]
    assert not any(cell.star for cell in cells)
    assert NO_STARS in table.notes
    assert not any(note.startswith("*") for note in table.notes)


def test_the_metrics_are_those_of_table_2(at_rates: Comparison) -> None:
    rows = lines(rates_table(at_rates))
    assert rows["Method"] == ["MSE", "nDCG@3", "nDCG@5"]
    assert rows["MeLU"][0] == "1.500 ± 0.250"
    assert "Item mean" not in rows


@pytest.mark.parametrize("of_paper", [True, False])
def test_the_papers_rates_are_told_of_its_datasets(at_rates: Comparison, of_paper: bool) -> None:
    comparison = at_rates.model_copy(update={"of_paper": of_paper})
    assert (OF_PAPER in rates_table(comparison).notes) == of_paper


def test_a_run_of_one_rate_has_no_such_table(
    compared: Comparison, at_rates: Comparison, paper: PaperResults
) -> None:
    both = (
        dataset_tables(small_report(), own, paper, records(own), None)
        for own in (compared, at_rates)
    )
    assert ["outer_rates" in tables for tables in both] == [False, True]
