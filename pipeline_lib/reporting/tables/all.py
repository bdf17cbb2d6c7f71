"""All tables of one dataset, by the names of their files."""

from pipeline_lib.evaluation.comparison import Comparison
from pipeline_lib.reporting.data_report.record import DataReport
from pipeline_lib.reporting.paper import PaperResults
from pipeline_lib.reporting.tables.groups import table_1
from pipeline_lib.reporting.tables.methods import (
    TABLE_2,
    TABLE_3,
    TABLE_4,
    TABLE_5,
    group_table,
    quality_table,
)
from pipeline_lib.reporting.tables.table import Table
from pipeline_lib.reporting.tables.users import error_pairs, gap_table, ranking_pairs


def dataset_tables(
    report: DataReport, comparison: Comparison, paper: PaperResults
) -> dict[str, Table]:
    """Build the paper's Tables 1 to 5, then what a careful reader wants beside them."""
    return {
        "table1": table_1(report, comparison, paper),
        "table2": quality_table(TABLE_2, comparison, paper),
        "table3": quality_table(TABLE_3, comparison, paper),
        "table4": group_table(TABLE_4, comparison, paper),
        "table5": group_table(TABLE_5, comparison, paper),
        "error_pairs": error_pairs(comparison),
        "ranking_pairs": ranking_pairs(comparison),
        "gaps": gap_table(comparison),
    }
