# What the other files share: the settings, what is made of them, and the paths.
import os
import re
from functools import cache
from hashlib import sha256
from itertools import product
from pathlib import Path

import yaml
from snakemake.exceptions import WorkflowError
from snakemake.logging import logger

from pipeline_lib.jobs.checksums import Checksums
from pipeline_lib.jobs.code_digest import ROOT, code_digests
from pipeline_lib.jobs.environment import other_versions
from pipeline_lib.jobs.forks.start import start_server
from pipeline_lib.jobs.lock import RunHeldError, hold
from pipeline_lib.metrics.choice import choose_metrics
from pipeline_lib.reporting.drawing.plot import (
    figures_for,
    is_embedded,
    missing,
    module_of,
    plots,
    summary_of,
)
from pipeline_lib.settings.errors import SettingsError
from pipeline_lib.settings.load import load_settings
from pipeline_lib.settings.methods.base import (
    LearnerSettings,
    kind_modules,
)
from pipeline_lib.tracking.mirror import Mirror

BASE = Path(workflow.current_basedir).parents[1]

try:
    settings = load_settings(config, BASE / "config")
    METRICS = choose_metrics(
        settings.run.metrics, {n: own.task.kind for n, own in settings.datasets.items()}
    )
except SettingsError as error:
    raise WorkflowError(f"The settings are wrong; nothing was run.\n{error}") from None

mirror = Mirror()
checksums = Checksums(Path(".snakemake/raw_checksums.json"))

# Paths by run, dataset, and trial: a method trained with a seed. A further split of a dataset has a
# folder in the dataset's, `dataset/splits/seed`, which stands for the dataset in these paths.
RUN = f"results/{settings.run.name}"
HERE = f"{RUN}/{{dataset}}"
TRIAL = f"{HERE}/methods/{{method}}/seed-{{seed}}"
DOWNLOADS = "results/downloads"

COMPARISON = f"{HERE}/comparison.json"
CLEAN = {
    "users": f"{HERE}/clean/users.parquet",
    "item_table": f"{HERE}/clean/items.parquet",
    "interactions": f"{HERE}/clean/interactions.parquet",
    "events": f"{HERE}/clean/events.parquet",
    "rejects": f"{HERE}/clean/rejects.parquet",
    "report": f"{HERE}/clean/report.json",
}
SPLIT_RECORD = f"{HERE}/split/split.json"
SPLIT_COMPARISON = f"{HERE}/splits.json"
DATA_REPORT = f"{HERE}/data_report.json"
TRAINED = {
    "weights": f"{TRIAL}/weights.safetensors",
    "history": f"{TRIAL}/history.parquet",
    "record": f"{TRIAL}/training.json",
}
PREDICTED = {
    "predictions": f"{TRIAL}/predictions.parquet",
    "by_support": f"{TRIAL}/by_support.parquet",
}
EVALUATED = {
    "users": f"{TRIAL}/users.parquet",
    "support": f"{TRIAL}/support.parquet",
    "evaluation": f"{TRIAL}/evaluation.json",
}
SEPARATION = f"{HERE}/separation.parquet"
REPORT = f"{RUN}/report.html"

# Scripts that read whole logs. What polars spills of those too big for memory, a fork leaves behind.
OF_LOGS = ["clean", "partition", "data_report", "encode"]

DATASETS = [*settings.datasets]
SPLIT_SEEDS = settings.run.splits.seeds if settings.run.splits else ()
SPLITS = {f"{name}/splits/{seed}": seed for name in DATASETS for seed in SPLIT_SEEDS}
OF_PAPER = any(own.of_paper for own in settings.datasets.values())
LEARNERS = [m for m, s in settings.methods.items() if isinstance(s, LearnerSettings)]
REFERENCES = [method for method in settings.methods if method not in LEARNERS]
TRIALS = [(m, seed) for m in settings.methods for seed in settings.seeds(m)]
# Embeddings are shown of the learners of the paper's Tables 2 and 4, trained with the first seed.
EMBEDDED = [m for m, s in settings.methods.items() if is_embedded(s)]
# A table of outer rates is made where methods differ in them alone on every dataset.
OUTER_RATES = {dataset: settings.outer_rates(dataset) for dataset in DATASETS}
TABLES = [
    *(f"table{n}" for n in range(1, 6)),
    *("error_pairs", "ranking_pairs", "gaps", "definitions", "claims", "costs"),
    *(["outer_rates"] if all(OUTER_RATES.values()) else []),
]
SPLIT_TABLES = ["error_splits", "ranking_splits"] if SPLITS else []
# Tables of the metrics that the run chooses, of datasets whose task has any of them.
METRIC_TABLES = ["metrics", *(["metric_splits"] if SPLITS else [])]
MEASURED = [name for name, chosen in METRICS.items() if chosen]
# The paper's own results, by a relative path: a moved folder is no other input.
PAPER = local(os.path.relpath(BASE / "workflow/resources/paper_results.yaml"))


def one_of(names):
    """Match one of some names; of none, nothing, where an empty pattern would match all."""
    return "|".join(map(re.escape, names)) or "(?!)"


wildcard_constraints:
    dataset=one_of([*DATASETS, *SPLITS]),
    method=one_of(settings.methods),
    seed=r"\d+",
    candidate=r"\d+",
