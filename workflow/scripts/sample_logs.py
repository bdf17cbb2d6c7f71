"""Write generated sample logs in a dataset's raw layout."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.data.sample.write import write_sample
from pipeline_lib.settings.dataset import SampleLogs

snakemake: Snakemake

sample = SampleLogs.model_validate(snakemake.params.settings)
files = {role: Path(path) for role, path in snakemake.output.items()}
write_sample(files, sample)
