"""Write the run's report: tables, figures, data, settings and the trainings behind them."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.jobs.environment import environment
from pipeline_lib.jobs.log import start_log
from pipeline_lib.reporting.page.page import run_page
from pipeline_lib.reporting.page.read import read_part
from pipeline_lib.reporting.page.report import RunReport
from pipeline_lib.reporting.paper import load_paper_results, missing_datasets, missing_trials
from pipeline_lib.reporting.tables.datasets import table_6
from pipeline_lib.storage.tables import write_text

snakemake: Snakemake

start_log(snakemake.log[0], snakemake.rule, *snakemake.wildcards)
params = snakemake.params
paper = load_paper_results(Path(snakemake.input.paper))
parts = [read_part(**part, paper=paper) for part in params.datasets]
names = [part.comparison.dataset for part in parts]
report = RunReport(
    name=params.name,
    sample=params.sample,
    settings=params.settings,
    environment=environment(),
    datasets=parts,
    tables=[table_6([part.data for part in parts], paper)],
    missing=[*missing_datasets(names, paper), *missing_trials(params.seeds, paper)]
    if any(part.data.of_paper for part in parts)
    else [],
)
write_text(run_page(report), Path(snakemake.output[0]))
