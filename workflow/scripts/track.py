"""Make the MLflow store and the run's experiments, before any job logs to them."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.storage import write_json
from pipeline_lib.tracking import create_experiments

snakemake: Snakemake

write_json(
    create_experiments(Path(snakemake.params.store), snakemake.params.experiments),
    Path(snakemake.output[0]),
)
