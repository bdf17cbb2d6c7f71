"""All tables of one dataset, by the names of their files."""

from collections.abc import Sequence

import polars as pl

from pipeline_lib.evaluation.comparison import Comparison
from pipeline_lib.reporting.data_report.record import DataReport
from pipeline_lib.reporting.paper import PaperResults
from pipeline_lib.reporting.tables.claims import claims_table
from pipeline_lib.reporting.tables.costs import costs_table
from pipeline_lib.reporting.tables.definitions import definitions_table
from pipeline_lib.reporting.tables.groups import table_1
from pipeline_lib.reporting.tables.methods import LAYOUTS, methods_table
from pipeline_lib.reporting.tables.rates import rates_table
from pipeline_lib.reporting.tables.table import Table
from pipeline_lib.reporting.tables.users import gap_table, pairs_table
from pipeline_lib.training.record import TrainingRecord


def dataset_tables(
    report: DataReport,
    comparison: Comparison,
    paper: PaperResults,
    trainings: Sequence[TrainingRecord],
    separation: pl.DataFrame | None,
) -> dict[str, Table]:
    """Return the paper's Tables 1 to 5, then what a careful reader wants beside them.

    separation: in the columns of `pipeline_lib.schemas.results.SEPARATION`; None where no method
    has embeddings.
    """
    by_rate = {"outer_rates": rates_table(comparison)} if comparison.outer_rates else {}
    return {
        "table1": table_1(report, comparison, paper),
        **{f"table{number}": methods_table(number, comparison, paper) for number in LAYOUTS},
        "error_pairs": pairs_table("error", comparison),
        "ranking_pairs": pairs_table("ranking", comparison),
        "gaps": gap_table(comparison),
        "definitions": definitions_table(comparison, paper),
        "claims": claims_table(comparison, trainings, separation),
        "costs": costs_table(comparison, trainings, paper),
        **by_rate,
    }
