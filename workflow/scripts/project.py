"""Lay out the test users in a plane by the embeddings that each trained method has of them."""

from pathlib import Path

import polars as pl
from snakemake.iocontainers import Snakemake

from pipeline_lib.evaluation.predict import load_predictor
from pipeline_lib.evaluation.project import project
from pipeline_lib.jobs.log import start_log
from pipeline_lib.schemas.results import PROJECTION
from pipeline_lib.schemas.split import ITEMS, SPLIT_USERS
from pipeline_lib.storage.tables import read_json, read_table, write_table
from pipeline_lib.training.record import TrainingRecord

snakemake: Snakemake

start_log(snakemake.log[0], snakemake.rule, *snakemake.wildcards)
source = snakemake.input
files = {name: Path(source[name]) for name in ("test", "catalogue", "vocabulary")}
users = read_table(Path(source.split_users), SPLIT_USERS)
items = read_table(Path(source.names), ITEMS)
projections = [
    project(
        load_predictor(
            read_json(Path(record), TrainingRecord),
            files | {"weights": Path(weights)},
            users,
            items,
        ),
        snakemake.params.seed,
    )
    for record, weights in zip(source.records, source.weights, strict=True)
]
write_table(pl.concat(projections), PROJECTION, Path(snakemake.output[0]))
