"""Turn a split into tensors: one file a fold, so that training can be kept from test users."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib import schemas
from pipeline_lib.data.encode import encode_split
from pipeline_lib.data.report import CleaningReport
from pipeline_lib.settings.dataset import LogSettings
from pipeline_lib.storage import read_json, read_table, write_json

snakemake: Snakemake

settings = LogSettings.model_validate(snakemake.params.settings)
source = {name: Path(path) for name, path in snakemake.input.items()}
out = {name: Path(path) for name, path in snakemake.output.items()}
features = read_json(source["report"], CleaningReport).item_features

encoded = encode_split(
    users=read_table(source["users"], schemas.users(settings.user_features)),
    items=read_table(source["item_table"], schemas.items(features)),
    split_users=read_table(source["split_users"], schemas.SPLIT_USERS),
    rows=read_table(source["rows"], schemas.split_rows(settings.scale)),
)
encoded.catalogue.save(out["catalogue"])
write_json(encoded.vocabulary, out["vocabulary"])
for fold, episodes in encoded.folds.items():
    episodes.save(out[fold])
