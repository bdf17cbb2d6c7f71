"""Choose cold users; split them into folds, groups, support and query."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib import schemas
from pipeline_lib.logs import start_log
from pipeline_lib.partition.split import partition
from pipeline_lib.settings.dataset import LogSettings, Partition
from pipeline_lib.storage import read_table, write_json, write_table

snakemake: Snakemake

settings = LogSettings.model_validate(snakemake.params.settings)
log = start_log(Path(snakemake.log[0]), f"partition {snakemake.wildcards.dataset}")

split = partition(
    read_table(Path(snakemake.input.users), schemas.users(settings.user_features)),
    read_table(Path(snakemake.input.interactions), schemas.interactions(settings.scale)),
    Partition.model_validate(snakemake.params.partition),
    snakemake.params.seed,
)
log.info("%s", split.record)
write_table(split.users, schemas.SPLIT_USERS, Path(snakemake.output.users))
write_table(
    split.interactions, schemas.split_rows(settings.scale), Path(snakemake.output.interactions)
)
write_json(split.record, Path(snakemake.output.record))
