"""Make the MLflow store and a dataset's experiment, before any job logs to it."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.storage import write_json
from pipeline_lib.tracking import create_experiment

snakemake: Snakemake

write_json(
    create_experiment(Path(snakemake.params.store), snakemake.params.experiment),
    Path(snakemake.output[0]),
)
