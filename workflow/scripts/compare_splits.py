"""Compare the methods over further splits of a dataset."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.evaluation.compare_splits import compare_splits
from pipeline_lib.evaluation.comparison import Subject
from pipeline_lib.evaluation.evaluate import Evaluation
from pipeline_lib.jobs.log import start_log
from pipeline_lib.partition.summary import SplitSummary
from pipeline_lib.settings.methods.base import MethodSettings
from pipeline_lib.storage.tables import read_json, write_json

snakemake: Snakemake

start_log(snakemake.log[0], snakemake.rule, *snakemake.wildcards)
params = snakemake.params
evaluations = [read_json(Path(path), Evaluation) for path in snakemake.input.evaluations]
splits = [read_json(Path(path), SplitSummary) for path in snakemake.input.splits]
comparison = compare_splits(
    Subject.model_validate(params.subject),
    {name: MethodSettings.model_validate(raw) for name, raw in params.methods.items()},
    splits,
    evaluations,
    params.chosen_on,
)
write_json(comparison, Path(snakemake.output[0]))
