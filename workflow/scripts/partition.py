"""Choose cold users; split them into folds, groups, support and query."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.jobs.log import start_log
from pipeline_lib.partition.split import partition
from pipeline_lib.schemas.clean import interactions as interactions_schema
from pipeline_lib.schemas.clean import users as users_schema
from pipeline_lib.schemas.split import DROPPED, SPLIT_USERS, split_rows
from pipeline_lib.settings.log import LogSettings
from pipeline_lib.settings.partition import Partition
from pipeline_lib.storage.tables import read_table, scan_table, write_json, write_table

snakemake: Snakemake

params, out = snakemake.params, {name: Path(path) for name, path in snakemake.output.items()}
log = start_log(snakemake.log[0], f"partition {snakemake.wildcards.dataset}")
settings = LogSettings.model_validate(params.settings)

split = partition(
    read_table(Path(snakemake.input.users), users_schema(settings.user_features)),
    scan_table(
        Path(snakemake.input.interactions),
        interactions_schema(settings.task.scale, timed=settings.timed),
    ),
    params.group_features,
    Partition.model_validate(params.partition),
    params.seed,
)
log.info("%s", split.summary)
write_table(split.users, SPLIT_USERS, out["users"])
write_table(split.interactions, split_rows(settings.task.scale), out["interactions"])
write_table(split.dropped, DROPPED, out["dropped"])
write_json(split.summary, out["record"])
