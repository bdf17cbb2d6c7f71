"""Gather each fold's episodes from its shards."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.data.shards.episodes import gather_episodes
from pipeline_lib.jobs.log import start_log

snakemake: Snakemake

start_log(snakemake.log[0], snakemake.rule, *snakemake.wildcards)
for fold, shards in snakemake.input.items():
    gather_episodes([Path(path) for path in shards], Path(snakemake.output[fold]))
