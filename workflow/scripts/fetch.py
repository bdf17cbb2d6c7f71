"""Download an archive, unless it is there, check it, and unpack one file."""

from pathlib import Path

from filelock import FileLock
from snakemake.iocontainers import Snakemake

from pipeline_lib.data.fetch import fetch
from pipeline_lib.jobs.log import start_log
from pipeline_lib.settings.dataset import Archive

snakemake: Snakemake

archive = Archive.model_validate(snakemake.params.archive)
target, download = Path(snakemake.output[0]), Path(snakemake.params.download)
log = start_log(snakemake.log[0], f"fetch {target.name}")
with FileLock(download.with_suffix(".lock")):  # the jobs of an archive's files share its download
    log.info("%s (%.1f MB)", archive.url, archive.bytes / 1e6)
    fetch(archive, {target.name: target}, download)
log.info("unpacked to %s", target)
