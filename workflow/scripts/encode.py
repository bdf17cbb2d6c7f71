"""Turn a split into tensors: one file a fold, so that training can be kept from test users."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.data.encode.split import encode_split
from pipeline_lib.data.encode.tables import read_tables
from pipeline_lib.jobs.log import start_log
from pipeline_lib.settings.log import LogSettings

snakemake: Snakemake

start_log(snakemake.log[0], snakemake.rule, *snakemake.wildcards)
files = {name: Path(path) for name, path in snakemake.input.items()}
out = {name: Path(path) for name, path in snakemake.output.items()}

tables, features = read_tables(files, LogSettings.model_validate(snakemake.params.settings))
encoded = encode_split(tables, features)
encoded.save(out)
for fold, episodes in encoded.folds.items():
    episodes.save(out[fold])
