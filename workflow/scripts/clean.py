"""Clean raw logs; keep what is rejected, with the reason."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.data.clean import clean
from pipeline_lib.data.movielens import read_movielens
from pipeline_lib.logs import start_log
from pipeline_lib.schemas.clean import REJECTS
from pipeline_lib.schemas.clean import interactions as interactions_schema
from pipeline_lib.schemas.clean import items as items_schema
from pipeline_lib.schemas.clean import users as users_schema
from pipeline_lib.settings.dataset import LogSettings
from pipeline_lib.storage import write_json, write_table

snakemake: Snakemake

settings = LogSettings.model_validate(snakemake.params.settings)
out = {name: Path(path) for name, path in snakemake.output.items()}
log = start_log(Path(snakemake.log[0]), f"clean {snakemake.wildcards.dataset}")

logs = clean(read_movielens({k: Path(v) for k, v in snakemake.input.items()}), settings)
for count in logs.report.files:
    log.info("%s", count)
if logs.report.features_left_out:
    log.warning(
        "no raw file has the item features %s: going on with %s",
        ", ".join(logs.report.features_left_out),
        ", ".join(logs.report.item_features),
    )
write_table(logs.users, users_schema(settings.user_features), out["users"])
write_table(logs.items, items_schema(logs.report.item_features), out["item_table"])
write_table(logs.interactions, interactions_schema(settings.scale), out["interactions"])
write_table(logs.rejects, REJECTS, out["rejects"])
write_json(logs.report, out["report"])
