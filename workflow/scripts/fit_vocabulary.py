"""Fit what the codes of a split mean, and encode all items, for the shards to go by."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.data.encode.fit import fit_split
from pipeline_lib.data.encode.tables import read_tables
from pipeline_lib.jobs.log import start_log
from pipeline_lib.settings.log import LogSettings

snakemake: Snakemake

start_log(snakemake.log[0], snakemake.rule, *snakemake.wildcards)
files = {name: Path(path) for name, path in snakemake.input.items()}
tables, features = read_tables(files, LogSettings.model_validate(snakemake.params.settings))
fit_split(tables, features).save({name: Path(path) for name, path in snakemake.output.items()})
