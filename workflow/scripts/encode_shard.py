"""Turn a shard of a split into tensors: one file a fold."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.data.shards.encode import encode_shard
from pipeline_lib.data.shards.shard import Shard
from pipeline_lib.jobs.log import start_log
from pipeline_lib.settings.log import LogSettings

snakemake: Snakemake

start_log(snakemake.log[0], snakemake.rule, *snakemake.wildcards)
folds = encode_shard(
    {name: Path(path) for name, path in snakemake.input.items()},
    LogSettings.model_validate(snakemake.params.settings),
    Shard.parse(snakemake.wildcards.scatteritem),
)
for fold, episodes in folds.items():
    episodes.save(Path(snakemake.output[fold]))
