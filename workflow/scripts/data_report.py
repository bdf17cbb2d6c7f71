"""Report what became of a dataset's rows, users and features: as JSON and as a page."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.data.clean.report import CleaningReport
from pipeline_lib.jobs.log import start_log
from pipeline_lib.partition.summary import SplitSummary
from pipeline_lib.reporting.data_report.report import About, Cleaned, Kept, report_data
from pipeline_lib.reporting.page.data import data_page
from pipeline_lib.schemas.clean import REJECTS
from pipeline_lib.schemas.clean import interactions as interactions_schema
from pipeline_lib.schemas.clean import items as items_schema
from pipeline_lib.schemas.clean import users as users_schema
from pipeline_lib.schemas.split import SPLIT_USERS, split_rows
from pipeline_lib.settings.dataset import LogSettings
from pipeline_lib.settings.partition import Partition
from pipeline_lib.storage.tables import read_json, read_table, scan_table, write_json, write_text

snakemake: Snakemake

start_log(snakemake.log[0], snakemake.rule, *snakemake.wildcards)
params, source = snakemake.params, {name: Path(path) for name, path in snakemake.input.items()}
log = LogSettings.model_validate(params.settings)
cleaning = read_json(source["clean_report"], CleaningReport)
report = report_data(
    About(
        dataset=snakemake.wildcards.dataset,
        title=params.title,
        licence=params.licence,
        sample=params.sample,
        task=log.task,
        rules=Partition.model_validate(params.partition),
    ),
    Cleaned(
        users=read_table(source["users"], users_schema(log.user_features)),
        items=read_table(
            source["item_table"], items_schema(log.read_features(cleaning.item_features))
        ),
        interactions=scan_table(source["interactions"], interactions_schema(log.task.scale)),
        rejects=scan_table(source["rejects"], REJECTS),
        report=cleaning,
    ),
    Kept(
        users=read_table(source["split_users"], SPLIT_USERS),
        interactions=scan_table(source["rows"], split_rows(log.task.scale)),
        record=read_json(source["split"], SplitSummary),
    ),
)
write_json(report, Path(snakemake.output.record))
write_text(data_page(report), Path(snakemake.output.page))
