"""Write the paper's Table 6, the datasets of a run, the paper's figures beside ours."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.jobs.log import start_log
from pipeline_lib.reporting.data_report.record import DataReport
from pipeline_lib.reporting.paper import load_paper_results
from pipeline_lib.reporting.tables.datasets import table_6
from pipeline_lib.reporting.tables.write import write_table_files
from pipeline_lib.storage.tables import read_json

snakemake: Snakemake

start_log(snakemake.log[0], snakemake.rule, *snakemake.wildcards)
reports = [read_json(Path(path), DataReport) for path in snakemake.input.reports]
table = table_6(reports, load_paper_results(Path(snakemake.input.paper)))
write_table_files(table, Path(snakemake.output[0]).with_suffix(""))
