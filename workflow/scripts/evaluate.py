"""Compute a trained method's metrics for each test user and over them."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib import schemas
from pipeline_lib.evaluation import evaluate
from pipeline_lib.partition.split import SplitRecord
from pipeline_lib.storage import read_json, read_table, write_json, write_table

snakemake: Snakemake

users, evaluation = evaluate(
    read_table(Path(snakemake.input.predictions), schemas.PREDICTIONS),
    method=snakemake.wildcards.method,
    seed=int(snakemake.wildcards.seed),
    split_sha256=read_json(Path(snakemake.input.split), SplitRecord).sha256,
)
write_table(users, schemas.USER_METRICS, Path(snakemake.output.users))
write_json(evaluation, Path(snakemake.output.evaluation))
