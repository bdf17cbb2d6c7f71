"""Make a trained method a model to be served."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.jobs.log import start_log
from pipeline_lib.serving.pyfunc import make_model

snakemake: Snakemake

start_log(snakemake.log[0], snakemake.rule, *snakemake.wildcards)
files = {name: Path(path) for name, path in snakemake.input.items()}
make_model(files, snakemake.params.settings, Path(snakemake.output[0]))
