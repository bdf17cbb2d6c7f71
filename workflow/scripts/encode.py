"""Turn a split into tensors: one file a fold, so that training can be kept from test users."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.data.encode import encode_split
from pipeline_lib.data.report import CleaningReport
from pipeline_lib.schemas.clean import items as items_schema
from pipeline_lib.schemas.clean import users as users_schema
from pipeline_lib.schemas.split import SPLIT_USERS, TRAIN_USERS, split_rows
from pipeline_lib.storage import read_json, read_table, write_json, write_table

snakemake: Snakemake

params = snakemake.params
source = {name: Path(path) for name, path in snakemake.input.items()}
out = {name: Path(path) for name, path in snakemake.output.items()}
features = read_json(source["report"], CleaningReport).item_features

encoded = encode_split(
    users=read_table(source["users"], users_schema(params.user_features)),
    items=read_table(source["item_table"], items_schema(features)),
    split_users=read_table(source["split_users"], SPLIT_USERS),
    rows=read_table(source["rows"], split_rows(params.scale)),
)
encoded.catalogue.save(out["catalogue"])
write_json(encoded.vocabulary, out["vocabulary"])
write_table(encoded.train_users, TRAIN_USERS, out["train_users"])
for fold, episodes in encoded.folds.items():
    episodes.save(out[fold])
