"""Score the test users' query rows with a trained method."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib import schemas
from pipeline_lib.data.vocabulary import Vocabulary
from pipeline_lib.storage import read_json, read_table, write_table
from pipeline_lib.training.job import TrainingRecord
from pipeline_lib.training.score import predict_users

snakemake: Snakemake

files = {name: Path(path) for name, path in snakemake.input.items()}
features = read_json(files["vocabulary"], Vocabulary).item
predictions = predict_users(
    read_json(files["record"], TrainingRecord),
    files,
    users=read_table(files["split_users"], schemas.SPLIT_USERS),
    items=read_table(files["item_table"], schemas.items(features)),
)
write_table(predictions, schemas.PREDICTIONS, Path(snakemake.output[0]))
