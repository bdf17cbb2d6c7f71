"""Report what became of a dataset's rows, users and features: as JSON and as a page."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.jobs.log import start_log
from pipeline_lib.reporting.data_report.read import read_cleaned, read_kept
from pipeline_lib.reporting.data_report.report import About, report_data
from pipeline_lib.reporting.page.data import data_page
from pipeline_lib.settings.log import LogSettings
from pipeline_lib.settings.partition import Partition
from pipeline_lib.storage.tables import write_json, write_text

snakemake: Snakemake

start_log(snakemake.log[0], snakemake.rule, *snakemake.wildcards)
params, files = snakemake.params, {name: Path(path) for name, path in snakemake.input.items()}
log = LogSettings.model_validate(params.settings)
about = About(
    dataset=snakemake.wildcards.dataset,
    title=params.title,
    licence=params.licence,
    sample=params.sample,
    of_paper=params.of_paper,
    task=log.task,
    rules=Partition.model_validate(params.partition),
)
report = report_data(about, read_cleaned(files, log), read_kept(files, log))
write_json(report, Path(snakemake.output.record))
write_text(data_page(report), Path(snakemake.output.page))
