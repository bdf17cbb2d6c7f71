"""Read what a dataset's report is made of."""

from collections.abc import Mapping
from pathlib import Path

from pipeline_lib.data.clean.report import CleaningReport
from pipeline_lib.partition.summary import SplitSummary
from pipeline_lib.reporting.data_report.report import Cleaned, Kept
from pipeline_lib.schemas.clean import REJECTS, interactions, items, users
from pipeline_lib.schemas.split import SPLIT_USERS, split_rows
from pipeline_lib.settings.log import LogSettings
from pipeline_lib.storage.tables import read_json, read_table, scan_table


def read_cleaned(files: Mapping[str, Path], log: LogSettings) -> Cleaned:
    """Read and check the clean tables.

    files: `users`, `item_table`, `interactions`, `rejects` and `clean_report`.
    """
    report = read_json(files["clean_report"], CleaningReport)
    return Cleaned(
        users=read_table(files["users"], users(log.user_features)),
        items=read_table(files["item_table"], items(log.read_features(report.item_features))),
        interactions=scan_table(
            files["interactions"], interactions(log.task.scale, timed=log.timed)
        ),
        rejects=scan_table(files["rejects"], REJECTS),
        report=report,
    )


def read_kept(files: Mapping[str, Path], log: LogSettings) -> Kept:
    """Read and check the tables of the split.

    files: `split_users`, `rows` and `split`.
    """
    return Kept(
        users=read_table(files["split_users"], SPLIT_USERS),
        interactions=scan_table(files["rows"], split_rows(log.task.scale)),
        record=read_json(files["split"], SplitSummary),
    )
