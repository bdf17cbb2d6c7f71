"""Write each method's result on each dataset as an entry of the leaderboard."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.evaluation.evaluate import Evaluation
from pipeline_lib.jobs.log import start_log
from pipeline_lib.partition.summary import SplitSummary
from pipeline_lib.reporting.leaderboard.entry import Entry, Origin
from pipeline_lib.storage.tables import read_json, write_json
from pipeline_lib.training.record import TrainingRecord

snakemake: Snakemake

start_log(snakemake.log[0], snakemake.rule, *snakemake.wildcards)
params = snakemake.params
splits = [read_json(Path(path), SplitSummary) for path in snakemake.input.splits]
seeds = {split.sha256: split.seed for split in splits}
for path, made in zip(snakemake.output, params.entries, strict=True):
    judged = [
        (
            read_json(Path(trial, "training.json"), TrainingRecord),
            read_json(Path(trial, "evaluation.json"), Evaluation),
        )
        for trial in made["trials"]
    ]
    origin = Origin.model_validate(params.origins[made["dataset"]])
    entry = Entry.of_run(origin, made["label"], made["candidates"], seeds, judged)
    write_json(entry, Path(path))
