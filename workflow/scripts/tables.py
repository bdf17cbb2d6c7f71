"""Write the paper's Tables 1 to 5 with our figures beside the paper's, and those it lacks."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.evaluation.comparison import Comparison, Pair
from pipeline_lib.jobs.log import start_log
from pipeline_lib.reporting.data_report.record import DataReport
from pipeline_lib.reporting.paper import load_paper_results
from pipeline_lib.reporting.tables.all import dataset_tables
from pipeline_lib.reporting.tables.users import pairs_csv
from pipeline_lib.reporting.tables.write import write_table_files
from pipeline_lib.schemas.results import SEPARATION
from pipeline_lib.storage.tables import read_json, read_table, write_text
from pipeline_lib.training.record import TrainingRecord

snakemake: Snakemake

start_log(snakemake.log[0], snakemake.rule, *snakemake.wildcards)
comparison = read_json(Path(snakemake.input.comparison), Comparison)
report = read_json(Path(snakemake.input.report), DataReport)
paper = load_paper_results(Path(snakemake.input.paper))
source = snakemake.input
records = [read_json(Path(path), TrainingRecord) for path in source.trainings]
separation = read_table(Path(source.separation), SEPARATION) if source.separation else None
for name, table in dataset_tables(report, comparison, paper, records, separation).items():
    write_table_files(table, Path(snakemake.output[name][0]).with_suffix(""))
write_text(pairs_csv(comparison, comparison.pairs, Pair.model_fields), Path(snakemake.output.pairs))
