"""Make the MLflow store, before any job logs to it."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.storage import write_json
from pipeline_lib.tracking import create_store

snakemake: Snakemake

write_json(create_store(Path(snakemake.params.store)), Path(snakemake.output[0]))
