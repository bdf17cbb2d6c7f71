"""Write generated sample logs in a dataset's raw layout."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.data.sample_movielens import write_sample_movielens
from pipeline_lib.settings.dataset import SampleLogs

snakemake: Snakemake

write_sample_movielens(
    {role: Path(path) for role, path in snakemake.output.items()},
    SampleLogs.model_validate(snakemake.params.settings),
)
