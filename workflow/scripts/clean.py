"""Clean raw logs; keep the rows rejected, with the reason."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.data.clean.clean import clean
from pipeline_lib.jobs.log import start_log
from pipeline_lib.settings.log import LogSettings

snakemake: Snakemake

log = start_log(snakemake.log[0], f"clean {snakemake.wildcards.dataset}")
settings = LogSettings.model_validate(snakemake.params.settings)
report = clean(
    settings.raw_files(map(Path, snakemake.input)),
    settings,
    {name: Path(path) for name, path in snakemake.output.items()},
)
report.write_to(log)
