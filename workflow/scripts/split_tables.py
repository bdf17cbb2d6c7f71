"""Write tables of methods over further splits, and every two methods' differences."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.evaluation.comparison import SplitPair
from pipeline_lib.evaluation.splits import SplitComparison
from pipeline_lib.jobs.log import start_log
from pipeline_lib.reporting.tables.splits import splits_table
from pipeline_lib.reporting.tables.users import pairs_csv
from pipeline_lib.reporting.tables.write import write_table_files
from pipeline_lib.storage.tables import read_json, write_text

snakemake: Snakemake

start_log(snakemake.log[0], snakemake.rule, *snakemake.wildcards)
comparison, files = read_json(Path(snakemake.input[0]), SplitComparison), snakemake.output
write_table_files(splits_table("error", comparison), Path(files.error_splits[0]).with_suffix(""))
write_table_files(
    splits_table("ranking", comparison), Path(files.ranking_splits[0]).with_suffix("")
)
write_text(pairs_csv(comparison, comparison.pairs, SplitPair.model_fields), Path(files.pairs))
