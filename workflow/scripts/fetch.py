"""Download, check and unpack a dataset's archive."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.data.fetch import fetch
from pipeline_lib.jobs.log import start_log
from pipeline_lib.settings.dataset import Archive

snakemake: Snakemake

archive = Archive.model_validate(snakemake.params.archive)
log = start_log(Path(snakemake.log[0]), f"fetch {snakemake.params.dataset}")
log.info("%s (%.1f MB)", archive.url, archive.bytes / 1e6)
fetch(
    archive,
    {Path(target).name: Path(target) for target in snakemake.output},
    Path(snakemake.params.download),
)
log.info("unpacked to %s", Path(snakemake.output[0]).parent)
