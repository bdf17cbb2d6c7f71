"""Compute a trained method's metrics for each test user and over them."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.evaluation import evaluate
from pipeline_lib.partition.record import SplitRecord
from pipeline_lib.schemas.results import PREDICTIONS, user_metrics_schema
from pipeline_lib.storage import read_json, read_table, write_json, write_table
from pipeline_lib.training.record import TrainingRecord

snakemake: Snakemake

users, evaluation = evaluate(
    read_table(Path(snakemake.input.predictions), PREDICTIONS),
    read_json(Path(snakemake.input.training), TrainingRecord),
    read_json(Path(snakemake.input.split), SplitRecord),
)
write_table(users, user_metrics_schema(evaluation.task), Path(snakemake.output.users))
write_json(evaluation, Path(snakemake.output.evaluation))
