"""List the items of the raw logs, so that every shard rejects rows of any other."""

from pathlib import Path
from tempfile import TemporaryDirectory

from snakemake.iocontainers import Snakemake

from pipeline_lib.data.shards.clean import listed_items
from pipeline_lib.jobs.log import start_log
from pipeline_lib.schemas.split import ITEMS
from pipeline_lib.settings.log import LogSettings
from pipeline_lib.storage.tables import write_table

snakemake: Snakemake

start_log(snakemake.log[0], f"clean {snakemake.wildcards.dataset} items")
out = Path(snakemake.output[0])
settings = LogSettings.model_validate(snakemake.params.settings)
files = settings.raw_files(map(Path, snakemake.input))
with TemporaryDirectory(dir=out.parent, prefix=".clean-") as scratch:
    write_table(listed_items(files, settings, Path(scratch)), ITEMS, out)
