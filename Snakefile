# From raw logs to tables: `snakemake all --cores 8 --resources gpu=1`, see README.md.
from pathlib import Path

from pipeline_lib.settings.run import Run
from snakemake.utils import min_version

min_version("9.27")

# A run that has every key it must have stands alone; less changes the default (docs/running.md).
if not {k for k, field in Run.model_fields.items() if field.is_required()} <= {*config}:

    configfile: str(Path(workflow.current_basedir, "config/config.yaml"))


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/params.smk"
include: "workflow/rules/files.smk"
include: "workflow/rules/run.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/partition.smk"
include: "workflow/rules/search.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/serve.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/results.smk"


rule all:
    """Make tables, figures, reports and models of every dataset of the run."""
    default_target: True
    input:
        targets,
        rules.check_trainings.output,


onstart:
    lift_job_limit()
    hold_run()
    fork_scripts()
    mirror.start()


onerror:
    if left := mirror.finish():
        logger.warning(left)


onsuccess:
    if left := mirror.finish():
        logger.warning(left)
    if Path(REPORT).is_file() and "PIPELINE_QUIET" not in os.environ:
        print(
            f"Tables and figures: {Path(RUN).resolve()}/<dataset>/tables and figures"
        )
        print(f"The report, to be opened in a browser: {Path(REPORT).resolve()}")
