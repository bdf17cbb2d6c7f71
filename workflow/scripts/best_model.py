"""Make the best of a dataset's trained methods a model to be served, and have it registered."""

import logging
from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.serving.best import choose, describe_choice
from pipeline_lib.serving.pyfunc import make_model
from pipeline_lib.storage.tables import read_json, write_json
from pipeline_lib.tracking.describe import describe_run, ended
from pipeline_lib.tracking.journal import Journal, Model
from pipeline_lib.training.record import TrainingRecord

snakemake: Snakemake

source = snakemake.input
paths = [Path(path) for path in source.records]
records = [read_json(path, TrainingRecord) for path in paths]
best = choose(records)
files = {name: Path(source[name]) for name in ("catalogue", "vocabulary", "names")}
files |= {"weights": Path(source.weights[best]), "record": paths[best]}
model, record = Path(snakemake.output.model), records[best]
digest = make_model(files, snakemake.params.settings, model)
write_json(describe_choice(records, best, digest), Path(snakemake.output.choice))

name = record.experiment.replace("/", "-")
run = describe_run(record, record.split_sha256, paths[best].parent)
with Journal(run, logging.getLogger(run.method)) as journal:
    journal.finish(ended(record))
    journal.write(Model(path=model.resolve(), name=name, digest=digest))
