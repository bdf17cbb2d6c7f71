"""Make the best of a dataset's trained methods a model to be served."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.jobs.log import start_log
from pipeline_lib.serving.best import describe_best, find_best
from pipeline_lib.serving.pyfunc import make_model
from pipeline_lib.storage.tables import read_json, write_json
from pipeline_lib.training.record import TrainingRecord

snakemake: Snakemake

start_log(snakemake.log[0], snakemake.rule, *snakemake.wildcards)
source, out = snakemake.input, snakemake.output
records = [Path(path) for path in source.records]
trainings = [read_json(path, TrainingRecord) for path in records]
best = find_best(trainings)
files = {name: Path(source[name]) for name in ("catalogue", "vocabulary", "names")}
files |= {"weights": Path(source.weights[best]), "record": records[best]}
digest = make_model(files, snakemake.params.settings, Path(out.model))
write_json(describe_best(trainings, best, digest), Path(out.choice))
