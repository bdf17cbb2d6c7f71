"""Choose cold users; split them into folds, groups, support and query."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.logs import start_log
from pipeline_lib.partition.split import partition
from pipeline_lib.schemas.clean import interactions as interactions_schema
from pipeline_lib.schemas.clean import users as users_schema
from pipeline_lib.schemas.split import SPLIT_USERS, split_rows
from pipeline_lib.settings.dataset import Partition
from pipeline_lib.storage import read_table, write_json, write_table

snakemake: Snakemake

params = snakemake.params
log = start_log(Path(snakemake.log[0]), f"partition {snakemake.wildcards.dataset}")

split = partition(
    read_table(Path(snakemake.input.users), users_schema(params.user_features)),
    read_table(Path(snakemake.input.interactions), interactions_schema(params.scale)),
    Partition.model_validate(params.partition),
    params.seed,
)
log.info("%s", split.record)
write_table(split.users, SPLIT_USERS, Path(snakemake.output.users))
write_table(split.interactions, split_rows(params.scale), Path(snakemake.output.interactions))
write_json(split.record, Path(snakemake.output.record))
