"""Write tables of the metrics that the run chooses, over seeds and over further splits."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.evaluation.comparison import Comparison
from pipeline_lib.evaluation.splits import SplitComparison
from pipeline_lib.jobs.log import start_log
from pipeline_lib.reporting.tables.metrics import metric_tables
from pipeline_lib.reporting.tables.write import write_table_files
from pipeline_lib.storage.tables import read_json

snakemake: Snakemake

start_log(snakemake.log[0], snakemake.rule, *snakemake.wildcards)
source = snakemake.input
comparison = read_json(Path(source.comparison), Comparison)
splits = read_json(Path(source.splits), SplitComparison) if source.splits else None
for name, table in metric_tables(comparison, splits).items():
    write_table_files(table, Path(snakemake.output[name][0]).with_suffix(""))
