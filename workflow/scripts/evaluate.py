"""Compute the metrics of each of a method's trials for each test user and over them."""

from pathlib import Path

import polars as pl
from snakemake.iocontainers import Snakemake

from pipeline_lib.evaluation.evaluate import check_by_support, evaluate, leave_out
from pipeline_lib.jobs.log import start_log
from pipeline_lib.metrics.users import support_schema, user_errors, users_schema
from pipeline_lib.partition.summary import SplitSummary
from pipeline_lib.schemas.columns import no_rows
from pipeline_lib.schemas.results import PREDICTIONS, SUPPORT_PREDICTIONS
from pipeline_lib.schemas.split import split_rows
from pipeline_lib.storage.tables import read_json, read_rows, read_table, write_json, write_table
from pipeline_lib.training.record import TrainingRecord

snakemake: Snakemake

start_log(snakemake.log[0], snakemake.rule, *snakemake.wildcards)
source, out, chosen = snakemake.input, snakemake.output, snakemake.params.metrics
trainings = [read_json(Path(path), TrainingRecord) for path in source.trainings]
task = trainings[0].task
of_users = users_schema(task, chosen)
judged = (pl.col("fold") == "test") & (pl.col("part") == "query")
rows = read_rows(Path(source.rows), split_rows(task.scale), judged)
split = read_json(Path(source.split), SplitSummary)

for trial, training in enumerate(trainings):
    files = {name: Path(out[name][trial]) for name in ("users", "support", "evaluation")}
    if training.stopped:
        write_table(no_rows(of_users), of_users, files["users"])
        write_table(no_rows(support_schema(task)), support_schema(task), files["support"])
        write_json(leave_out(training, chosen), files["evaluation"])
        continue
    predictions = read_table(Path(source.predictions[trial]), PREDICTIONS)
    by_support = read_table(Path(source.by_support[trial]), SUPPORT_PREDICTIONS)
    check_by_support(by_support, predictions, f"{training.dataset}: {training.method}")
    users, evaluation = evaluate(predictions, rows, training, split, chosen)
    errors = user_errors(by_support, task, ["user", "group", "support_rows"])
    write_table(users, of_users, files["users"])
    write_table(errors, support_schema(task), files["support"])
    write_json(evaluation, files["evaluation"])
