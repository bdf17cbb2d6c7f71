"""Make a dataset's experiment in the MLflow store."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.storage import read_json, write_json
from pipeline_lib.tracking import Store, create_experiment

snakemake: Snakemake

store = read_json(Path(snakemake.input[0]), Store)
write_json(create_experiment(store, snakemake.params.name), Path(snakemake.output[0]))
