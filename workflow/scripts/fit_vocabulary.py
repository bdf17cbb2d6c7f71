"""Fit what the codes of a split mean, and encode all items, for the shards to go by."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.data.encode.fit import FittedFiles, fit_split
from pipeline_lib.data.encode.tables import TableFiles
from pipeline_lib.jobs.log import start_log
from pipeline_lib.settings.dataset import LogSettings

snakemake: Snakemake

start_log(snakemake.log[0], snakemake.rule, *snakemake.wildcards)
source = TableFiles(**{name: Path(path) for name, path in snakemake.input.items()})
tables, features = source.read(LogSettings.model_validate(snakemake.params.settings))
out = FittedFiles(**{name: Path(path) for name, path in snakemake.output.items()})
fit_split(tables, features).save(out)
