"""Turn a split into tensors: one file a fold, so that training can be kept from test users."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.data.encode.fit import FittedFiles
from pipeline_lib.data.encode.split import encode_split
from pipeline_lib.data.encode.tables import TableFiles
from pipeline_lib.jobs.log import start_log
from pipeline_lib.schemas.columns import FOLDS
from pipeline_lib.settings.dataset import LogSettings

snakemake: Snakemake

start_log(snakemake.log[0], snakemake.rule, *snakemake.wildcards)
source = TableFiles(**{name: Path(path) for name, path in snakemake.input.items()})
out = {name: Path(path) for name, path in snakemake.output.items()}

tables, features = source.read(LogSettings.model_validate(snakemake.params.settings))
encoded = encode_split(tables, features)
encoded.save(FittedFiles(**{name: path for name, path in out.items() if name not in FOLDS}))
for fold, episodes in encoded.folds.items():
    episodes.save(out[fold])
