# From raw logs to tables: `snakemake all --cores 8 --resources gpu=1`, see README.md.
from pathlib import Path

from pipeline_lib.jobs.code_digest import code_digest
from pipeline_lib.jobs.environment import other_versions
from pipeline_lib.jobs.takeover import take_over
from pipeline_lib.settings.errors import SettingsError
from pipeline_lib.settings.load import load_settings
from pipeline_lib.settings.methods.base import LearnerSettings
from pipeline_lib.tracking.mirror import Mirror
from snakemake.exceptions import WorkflowError
from snakemake.logging import logger
from snakemake.utils import min_version

min_version("9.0")

# A file given by --configfile stands alone: nothing of the default is mixed into it.
if not workflow.overwrite_configfiles:

    configfile: f"{workflow.basedir}/config/config.yaml"


try:
    settings = load_settings(config, Path(workflow.basedir, "config"))
except SettingsError as error:
    raise WorkflowError(f"The settings are wrong; nothing was run.\n{error}") from None

if workflow.is_main_process and not workflow.dryrun:
    alive = take_over()  # held until this process ends

mirror = Mirror()
RUN = f"results/{settings.run.name}"
HERE = f"{RUN}/{{dataset}}"
TRIAL = f"{HERE}/methods/{{method}}/seed-{{seed}}"


report: "workflow/report/workflow.rst"


wildcard_constraints:
    dataset="|".join(settings.datasets),
    method="|".join(settings.methods),
    seed=r"\d+",
    candidate=r"\d+",


def code(rule, modules=()):
    """Digest a rule's script and the library code behind it; a change of it runs the rule again."""
    return code_digest(
        Path(workflow.basedir, "workflow/scripts", f"{rule}.py"), modules
    )


def for_each(output, **wildcards):
    """Fill the wildcards of an output's paths as its rule has them, wherever storage keeps them."""
    return expand(
        [path_of(own) for own in ([output] if isinstance(output, str) else output)],
        **wildcards,
    )


def path_of(output):
    """Name one output as its rule does."""
    stored = getattr(output, "flags", {}).get("storage_object")
    prefix = f"{workflow.storage_settings.default_storage_prefix}/"
    return stored.query.removeprefix(prefix) if stored else str(output)


include: "workflow/rules/data.smk"
include: "workflow/rules/partition.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/serve.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/results.smk"


records = (
    Path(path)
    for name in settings.datasets
    for path in trials(name, rules.train.output.record)
)
if workflow.is_main_process and (notice := other_versions(records)):
    logger.warning(notice)


rule all:
    default_target: True
    input:
        TABLES,
        FIGURES,
        DATA_REPORTS,
        REPORT,
        MODELS,


onstart:
    mirror.start()


onerror:
    if left := mirror.finish():
        print(left)


onsuccess:
    if left := mirror.finish():
        print(left)
    if Path(REPORT).is_file():
        print(
            f"Tables and figures: {Path(RUN).resolve()}/<dataset>/tables and figures"
        )
        print(f"The report, to be opened in a browser: {Path(REPORT).resolve()}")
