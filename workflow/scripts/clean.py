"""Clean raw logs; keep what is rejected, with the reason."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.data.clean import CleanFiles, clean
from pipeline_lib.logs import start_log
from pipeline_lib.settings.dataset import LogSettings

snakemake: Snakemake

log = start_log(Path(snakemake.log[0]), f"clean {snakemake.wildcards.dataset}")
report = clean(
    {role: Path(path) for role, path in snakemake.input.items()},
    LogSettings.model_validate(snakemake.params.settings),
    CleanFiles(**{name: Path(path) for name, path in snakemake.output.items()}),
)
for count in [*report.files, *report.user_values, *report.item_values]:
    log.info("%s", count)
log.info("%s", report)
for file, lines in report.joined_lines.items():
    log.info("%s: %s lines are parts of longer records: newlines within quotes", file, f"{lines:,}")
if report.features_left_out:
    log.warning(
        "no raw file has the item features %s: going on with %s",
        ", ".join(report.features_left_out),
        ", ".join(report.item_features),
    )
