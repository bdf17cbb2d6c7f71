"""Score the test users' query rows by a method's trials, from all support rows and from fewer."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.evaluation.predict import load_predictor, predict_by_support, predict_users
from pipeline_lib.jobs.log import start_log
from pipeline_lib.schemas.columns import no_rows
from pipeline_lib.schemas.results import PREDICTIONS, SUPPORT_PREDICTIONS
from pipeline_lib.schemas.split import ITEMS, SPLIT_USERS
from pipeline_lib.storage.tables import read_json, read_table, write_table
from pipeline_lib.training.record import TrainingRecord

snakemake: Snakemake

start_log(snakemake.log[0], snakemake.rule, *snakemake.wildcards)
source, out = snakemake.input, snakemake.output
files = {name: Path(source[name]) for name in ("test", "catalogue", "vocabulary")}
users = read_table(Path(source.split_users), SPLIT_USERS)
items = read_table(Path(source.names), ITEMS)
trials = zip(source.records, source.weights, out.predictions, out.by_support, strict=True)
for record, weights, predicted, limited in trials:
    training = read_json(Path(record), TrainingRecord)
    if training.stopped:
        write_table(no_rows(PREDICTIONS), PREDICTIONS, Path(predicted))
        write_table(no_rows(SUPPORT_PREDICTIONS), SUPPORT_PREDICTIONS, Path(limited))
        continue
    predictor = load_predictor(training, files | {"weights": Path(weights)}, users, items)
    predictions = predict_users(predictor)
    by_support = predict_by_support(predictor, predictions, snakemake.params.seed)
    write_table(predictions, PREDICTIONS, Path(predicted))
    write_table(by_support, SUPPORT_PREDICTIONS, Path(limited))
