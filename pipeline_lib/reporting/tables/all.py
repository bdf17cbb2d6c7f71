"""All tables of one dataset, by the names of their files."""

from pipeline_lib.evaluation.comparison import Comparison
from pipeline_lib.reporting.data_report.record import DataReport
from pipeline_lib.reporting.paper import PaperResults
from pipeline_lib.reporting.tables.definitions import definitions_table
from pipeline_lib.reporting.tables.groups import table_1
from pipeline_lib.reporting.tables.methods import LAYOUTS, methods_table
from pipeline_lib.reporting.tables.rates import rates_table
from pipeline_lib.reporting.tables.table import Table
from pipeline_lib.reporting.tables.users import gap_table, pairs_table


def dataset_tables(
    report: DataReport, comparison: Comparison, paper: PaperResults
) -> dict[str, Table]:
    """Return the paper's Tables 1 to 5, then what a careful reader wants beside them."""
    by_rate = {"outer_rates": rates_table(comparison)} if comparison.outer_rates else {}
    return {
        "table1": table_1(report, comparison, paper),
        **{f"table{number}": methods_table(number, comparison, paper) for number in LAYOUTS},
        "error_pairs": pairs_table("error", comparison),
        "ranking_pairs": pairs_table("ranking", comparison),
        "gaps": gap_table(comparison),
        "definitions": definitions_table(comparison, paper),
        **by_rate,
    }
