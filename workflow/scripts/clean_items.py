"""Name the items that the raw logs list, for the shards to reject those of no other."""

from pathlib import Path
from tempfile import TemporaryDirectory

from snakemake.iocontainers import Snakemake

from pipeline_lib.data.shards.clean import listed_items
from pipeline_lib.schemas.split import ITEMS
from pipeline_lib.settings.dataset import LogSettings
from pipeline_lib.storage.tables import write_table

snakemake: Snakemake

out = Path(snakemake.output[0])
files = {role: Path(path) for role, path in snakemake.input.items()}
settings = LogSettings.model_validate(snakemake.params.settings)
with TemporaryDirectory(dir=out.parent, prefix=".clean-") as scratch:
    write_table(listed_items(files, settings, Path(scratch)), ITEMS, out)
