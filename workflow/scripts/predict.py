"""Score the test users' query rows with a trained method."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.prediction import predict_users
from pipeline_lib.schemas.results import PREDICTIONS
from pipeline_lib.schemas.split import ITEMS, SPLIT_USERS
from pipeline_lib.storage import read_json, read_table, write_table
from pipeline_lib.training.record import TrainingRecord

snakemake: Snakemake

files = {name: Path(path) for name, path in snakemake.input.items()}
predictions = predict_users(
    read_json(files["record"], TrainingRecord),
    files,
    users=read_table(files["split_users"], SPLIT_USERS),
    items=read_table(files["names"], ITEMS),
)
write_table(predictions, PREDICTIONS, Path(snakemake.output[0]))
