"""Generate sample logs in a dataset's raw layout."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.data.sample.write import write_sample
from pipeline_lib.jobs.log import start_log
from pipeline_lib.settings.dataset import SampleLogs

snakemake: Snakemake

start_log(snakemake.log[0], f"sample logs {snakemake.wildcards.dataset}")
folder = Path(snakemake.output[0])
files = {role: folder / name for role, name in snakemake.params.files.items()}
write_sample(files, SampleLogs.model_validate(snakemake.params.sample))
