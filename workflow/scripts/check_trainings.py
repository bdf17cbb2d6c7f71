"""Fail where a training was stopped, once all that can be made without it is there."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.jobs.log import start_log
from pipeline_lib.storage.tables import read_json
from pipeline_lib.training.record import TrainingRecord
from pipeline_lib.training.stopped import check_trainings

snakemake: Snakemake

start_log(snakemake.log[0], snakemake.rule)
records = map(Path, snakemake.input.records)
check_trainings({path.parent: read_json(path, TrainingRecord) for path in records})
