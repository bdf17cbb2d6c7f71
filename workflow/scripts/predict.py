"""Score the test users' query rows with a trained method, from all support rows and from fewer."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.prediction import load_predictor, predict_by_support, predict_users
from pipeline_lib.schemas.results import PREDICTIONS, SUPPORT_PREDICTIONS
from pipeline_lib.schemas.split import ITEMS, SPLIT_USERS
from pipeline_lib.storage import read_json, read_table, write_table
from pipeline_lib.training.record import TrainingRecord

snakemake: Snakemake

files = {name: Path(path) for name, path in snakemake.input.items()}
predictor = load_predictor(
    read_json(files["record"], TrainingRecord),
    files,
    users=read_table(files["split_users"], SPLIT_USERS),
    items=read_table(files["names"], ITEMS),
)
predictions = predict_users(predictor)
by_support = predict_by_support(predictor, predictions, snakemake.params.seed)
write_table(predictions, PREDICTIONS, Path(snakemake.output.predictions))
write_table(by_support, SUPPORT_PREDICTIONS, Path(snakemake.output.by_support))
