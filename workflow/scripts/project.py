"""Lay out the test users in a plane by each method's embeddings, and tell groups by them."""

from pathlib import Path

import polars as pl
from snakemake.iocontainers import Snakemake

from pipeline_lib.evaluation.predict import load_predictor, untrained
from pipeline_lib.evaluation.project import project
from pipeline_lib.evaluation.separate import separate
from pipeline_lib.jobs.log import start_log
from pipeline_lib.schemas.columns import no_rows
from pipeline_lib.schemas.results import PROJECTION, SEPARATION
from pipeline_lib.schemas.split import ITEMS, SPLIT_USERS
from pipeline_lib.storage.tables import read_json, read_table, write_table
from pipeline_lib.training.record import TrainingRecord

snakemake: Snakemake

start_log(snakemake.log[0], snakemake.rule, *snakemake.wildcards)
source, seed = snakemake.input, snakemake.params.seed
files = {name: Path(source[name]) for name in ("test", "catalogue", "vocabulary")}
users = read_table(Path(source.split_users), SPLIT_USERS)
items = read_table(Path(source.names), ITEMS)
projections, separations = [], []
for path, weights in zip(source.records, source.weights, strict=True):
    record = read_json(Path(path), TrainingRecord)
    if record.stopped:
        continue
    trained = load_predictor(record, files | {"weights": Path(weights)}, users, items)
    projections.append(project(trained, seed))
    separations.append(separate(trained, untrained(trained, record, files["vocabulary"]), seed))
write_table(
    pl.concat(projections or [no_rows(PROJECTION)]), PROJECTION, Path(snakemake.output.projection)
)
write_table(
    pl.concat(separations or [no_rows(SEPARATION)]), SEPARATION, Path(snakemake.output.separation)
)
