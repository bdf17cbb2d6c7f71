"""Compare all methods of a dataset."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.evaluation.compare import EvaluatedTrial, compare
from pipeline_lib.evaluation.comparison import Subject
from pipeline_lib.evaluation.evaluate import Evaluation
from pipeline_lib.jobs.log import start_log
from pipeline_lib.metrics.users import users_schema
from pipeline_lib.settings.methods.base import MethodSettings
from pipeline_lib.storage.tables import read_json, read_table, write_json

snakemake: Snakemake

start_log(snakemake.log[0], snakemake.rule, *snakemake.wildcards)
params, source = snakemake.params, snakemake.input
evaluations = [read_json(Path(path), Evaluation) for path in source.evaluations]
comparison = compare(
    Subject.model_validate(params.subject),
    {name: MethodSettings.model_validate(raw) for name, raw in params.methods.items()},
    [
        EvaluatedTrial(own, read_table(Path(users), users_schema(own.task, own.chosen_metrics)))
        for own, users in zip(evaluations, source.users, strict=True)
    ],
    params.outer_rates,
)
write_json(comparison, Path(snakemake.output[0]))
