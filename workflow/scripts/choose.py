"""Choose a method's settings on validation users."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.jobs.log import start_log
from pipeline_lib.storage.tables import read_json, write_json
from pipeline_lib.training.search import CandidateResult, choose

snakemake: Snakemake

start_log(snakemake.log[0], snakemake.rule, *snakemake.wildcards)
wildcards = snakemake.wildcards
tried = [read_json(Path(path), CandidateResult) for path in snakemake.input]
choice = choose(wildcards.dataset, wildcards.method, tried, snakemake.params.candidates)
write_json(choice, Path(snakemake.output[0]))
