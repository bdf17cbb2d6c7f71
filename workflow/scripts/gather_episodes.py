"""Bring the shards' episodes of each fold together."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.data.shards.episodes import gather_episodes

snakemake: Snakemake

for fold, shards in snakemake.input.items():
    gather_episodes([Path(path) for path in shards], Path(snakemake.output[fold]))
