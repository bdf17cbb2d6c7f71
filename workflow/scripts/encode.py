"""Turn a split into tensors: one file a fold, so that training can be kept from test users."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.data.encode import CleanTables, encode_split
from pipeline_lib.data.report import CleaningReport
from pipeline_lib.schemas.clean import events as events_schema
from pipeline_lib.schemas.clean import items as items_schema
from pipeline_lib.schemas.clean import users as users_schema
from pipeline_lib.schemas.split import ITEMS, SPLIT_USERS, TRAIN_USERS, VALIDATION_USERS, split_rows
from pipeline_lib.settings.dataset import LogSettings
from pipeline_lib.storage import read_json, read_table, scan_table, write_json, write_table

snakemake: Snakemake

source = {name: Path(path) for name, path in snakemake.input.items()}
out = {name: Path(path) for name, path in snakemake.output.items()}
settings = LogSettings.model_validate(snakemake.params.settings)
names = read_json(source["report"], CleaningReport).item_features
features = {name: settings.item_features[name] for name in names}

encoded = encode_split(
    CleanTables(
        users=read_table(source["users"], users_schema(settings.user_features)),
        items=read_table(source["item_table"], items_schema(settings.read_features(names))),
        events=scan_table(source["events"], events_schema(settings.event_groups)),
        split_users=read_table(source["split_users"], SPLIT_USERS),
        rows=scan_table(source["rows"], split_rows(settings.task.scale)).collect(),
    ),
    features,
)
encoded.catalogue.save(out["catalogue"])
write_json(encoded.vocabulary, out["vocabulary"])
write_table(encoded.train_users, TRAIN_USERS, out["train_users"])
write_table(encoded.validation_users, VALIDATION_USERS, out["validation_users"])
write_table(encoded.items, ITEMS, out["names"])
for fold, episodes in encoded.folds.items():
    episodes.save(out[fold])
