"""Clean one shard of raw logs: what belongs to some of the users."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.data.shards.clean import clean_shard
from pipeline_lib.data.shards.shard import Shard
from pipeline_lib.jobs.log import start_log
from pipeline_lib.schemas.split import ITEMS
from pipeline_lib.settings.log import LogSettings
from pipeline_lib.storage.tables import read_table

snakemake: Snakemake

shard = Shard.parse(snakemake.wildcards.scatteritem)
name = f"clean {snakemake.wildcards.dataset} {snakemake.wildcards.scatteritem}"
log = start_log(snakemake.log[0], name)
items = read_table(Path(snakemake.input.listed), ITEMS)["item"]
folder = Path(snakemake.output[0])
folder.mkdir()
settings = LogSettings.model_validate(snakemake.params.settings)
files = settings.raw_files(map(Path, snakemake.input.raw))
report = clean_shard(files, settings, items, shard, folder)
for count in [*report.files.values(), *report.user_values]:
    log.info("%s", count)
