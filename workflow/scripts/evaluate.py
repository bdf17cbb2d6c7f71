"""Compute a trained method's metrics for each test user and over them."""

import logging
from pathlib import Path

import polars as pl
from snakemake.iocontainers import Snakemake

from pipeline_lib.completeness import check_by_support
from pipeline_lib.evaluation import evaluate
from pipeline_lib.metrics.users import user_errors
from pipeline_lib.partition.record import SplitRecord
from pipeline_lib.schemas.results import (
    PREDICTIONS,
    SUPPORT_PREDICTIONS,
    support_errors,
    user_metrics_schema,
)
from pipeline_lib.schemas.split import split_rows
from pipeline_lib.storage import read_json, read_rows, read_table, write_json, write_table
from pipeline_lib.tracking.describe import describe_evaluation, describe_run, ended
from pipeline_lib.tracking.journal import Journal
from pipeline_lib.training.record import TrainingRecord

snakemake: Snakemake

source = {name: Path(path) for name, path in snakemake.input.items()}
out = {name: Path(path) for name, path in snakemake.output.items()}
training = read_json(source["training"], TrainingRecord)
judged = (pl.col("fold") == "test") & (pl.col("part") == "query")
predictions = read_table(source["predictions"], PREDICTIONS)
by_support = read_table(source["by_support"], SUPPORT_PREDICTIONS)
check_by_support(by_support, predictions, f"{training.dataset}: {training.method}")
users, evaluation = evaluate(
    predictions,
    read_rows(source["rows"], split_rows(training.task.scale), judged),
    training,
    read_json(source["split"], SplitRecord),
)
task = training.task
errors = user_errors(by_support, task, ["user", "group", "support_rows"])
write_table(users, user_metrics_schema(task), out["users"])
write_table(errors, support_errors(task), out["support"])
write_json(evaluation, out["evaluation"])

run = describe_run(training, training.split_sha256, source["training"].parent)
with Journal(run, logging.getLogger(run.method)) as journal:
    journal.finish(ended(training))
    journal.write(*describe_evaluation(evaluation))
    journal.artifacts([out["evaluation"], out["users"], source["predictions"]])
