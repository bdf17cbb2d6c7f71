"""Clean raw logs; keep what is rejected, with the reason."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib import schemas
from pipeline_lib.data.clean import clean
from pipeline_lib.data.movielens import read_movielens
from pipeline_lib.logs import start_log
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
        "without %s there is no %s: going on with %s",
        " and ".join(snakemake.params.missing),
        ", ".join(logs.report.features_left_out),
        ", ".join(logs.report.item_features),
    )
write_table(logs.users, schemas.users(settings.user_features), out["users"])
write_table(logs.items, schemas.items(logs.report.item_features), out["item_table"])
write_table(logs.interactions, schemas.interactions(settings.scale), out["interactions"])
write_table(logs.rejects, schemas.REJECTS, out["rejects"])
write_json(logs.report, out["report"])
