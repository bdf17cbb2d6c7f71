# What the other files share: the settings, paths, and functions that name inputs, outputs and params.
import os
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
    return "|".join(names) or "(?!)"


wildcard_constraints:
    dataset=one_of([*DATASETS, *SPLITS]),
    method=one_of(settings.methods),
    seed=r"\d+",
    candidate=r"\d+",


# What a job depends on besides its inputs.


def code(script, modules=()):
    """List a script and the library's modules behind it, and behind others that it finds by name.

    Each stands beside its digest, so that snakemake's reason to run again names what changed.
    """
    digests = code_digests(BASE / f"workflow/scripts/{script}.py", modules)
    return [f"{module} {digest}" for module, digest in digests.items()]


def method_code(script):
    """List what `code` lists for the method of a job alone: a function each, as methods differ."""
    shared = code(script)
    kinds = {method.kind for method in settings.methods.values()}
    own = {k: {*code(script, kind_modules(k))}.difference(shared) for k in kinds}

    def used(part):
        return lambda w: part if part in own[settings.methods[w.method].kind] else None

    return [*shared, *map(used, sorted(set().union(*own.values())))]


def modules_of(methods):
    """List the modules of several methods."""
    return [m for name in methods for m in kind_modules(settings.methods[name].kind)]


def templates(*patterns):
    """List page templates with their digests."""
    folder = ROOT / "pipeline_lib/reporting/templates"
    files = sorted(file for pattern in patterns for file in folder.glob(pattern))
    return [f"{f.name} {sha256(f.read_bytes()).hexdigest()[:16]}" for f in files]


def dataset_name(wildcards):
    """Name the dataset whose log a job works on, on the run's own split or another."""
    return wildcards.dataset.split("/")[0]


def dataset_of(wildcards):
    """Return the settings of a job's dataset."""
    return settings.datasets[dataset_name(wildcards)]


def split_seed(wildcards):
    """Return the seed of the split that a job works on."""
    return SPLITS.get(wildcards.dataset, settings.run.split_seed)


def cleaned(name):
    """Name a file of the clean log, which all splits share."""
    return lambda w: CLEAN[name].format(dataset=dataset_name(w))


def log_settings(wildcards):
    """Return how a dataset's log is read."""
    return dataset_of(wildcards).log_settings()


def partition_settings(wildcards):
    """Return how a dataset is split."""
    return dataset_of(wildcards).partition.model_dump(mode="json")


def training_settings(wildcards):
    """Return the settings of a method that training depends on."""
    return settings.method(dataset_name(wildcards), wildcards.method).for_training()


def task_settings(wildcards):
    """Return a dataset's task."""
    return dataset_of(wildcards).task.model_dump(mode="json")


def subject(wildcards):
    """Return what a dataset is called and how it is shown."""
    own = dataset_of(wildcards)
    return {
        "dataset": wildcards.dataset,
        "title": own.title,
        "sample": settings.run.logs == "sample",
        "of_paper": own.of_paper,
        "by_activity": not own.grouping(),
    }


def named_methods(names):
    """Return what methods are called and how they are shown."""
    shown = {"kind", "label", "role"}
    return {
        m: settings.methods[m].model_dump(mode="json", include=shown) for m in names
    }


def experiment(wildcards):
    """Name the experiment of a dataset's runs in MLflow."""
    return f"{settings.run.name}/{wildcards.dataset}"


def settings_texts():
    """Render the settings of the run, its datasets and methods as YAML, by what they are of.

    Without the places of the logs and the datasets, as a page may be passed on.
    """
    places = {"raw_dir": None, "dataset_dir": None, "method_dir": None}
    parts = {"run": settings.run.model_copy(update=places)}
    parts |= {f"dataset {name}": own for name, own in settings.datasets.items()}
    parts |= {f"method {name}": own for name, own in settings.methods.items()}
    parts |= {f"method {m} on {d}": own for (d, m), own in settings.on_dataset.items()}
    return {
        what: yaml.safe_dump(
            part.model_dump(mode="json", exclude_defaults=True),
            sort_keys=False,
            allow_unicode=True,
        )
        for what, part in parts.items()
    }


# Raw logs.


def downloads():
    """Return the archive of each folder that is downloaded."""
    if settings.run.logs == "sample" or settings.run.raw_dir:
        return {}
    return {own.folder: own.archive for own in settings.datasets.values()}


def raw_files(wildcards):
    """Name a dataset's raw files, an optional one where it exists; the folder of generated ones."""
    if settings.run.logs == "sample":
        return [f"{RUN}/{wildcards.dataset}/raw"]
    dataset = dataset_of(wildcards)
    folder = Path(settings.run.raw_dir or DOWNLOADS, dataset.folder)
    files = [
        str(folder / table.file)
        for table in dataset.tables().values()
        if table.presence == "required" or (folder / table.file).exists()
    ]
    # Of a file that somebody put there, what it holds counts, and not how new it is.
    return [*map(ancient, files)] if settings.run.raw_dir else files


def raw_checksums():
    """List functions that return a raw file of raw_dir with its checksum, one a file, or None."""
    most = max(len(own.tables()) for own in settings.datasets.values())

    def nth(number):
        def checksum(wildcards):
            files = raw_files(wildcards) if settings.run.raw_dir else []
            path = Path(files[number]) if number < len(files) else None
            return path and f"{path.name} {checksums.of(path)}"

        return checksum

    return [*map(nth, range(most))]


# Trainings.


def processes(wildcards):
    """Count the processes of a training."""
    return settings.run.processes if wildcards.method in LEARNERS else 1


def nodes(wildcards):
    """Count the nodes that a training's processes are on."""
    return settings.run.nodes if wildcards.method in LEARNERS else 1


def cores(wildcards):
    """Count the cores that a training takes on each node: one a process."""
    return processes(wildcards) // nodes(wildcards)


def several_nodes():
    """Return the resources by which Slurm gives a training several nodes, where it asks for them.

    With GPUs, tasks are those of a GPU.
    """
    tasks = lambda w: 1 if gpus(w) else nodes(w)
    return {"nodes": nodes, "tasks": tasks} if settings.run.nodes > 1 else {}


def gpus(wildcards):
    """Count the GPUs that a training asks for, so that `--resources gpu=N` queues for them."""
    device = settings.run.device
    here = any(Path("/dev").glob("nvidia[0-9]*"))
    wanted = device == "cuda" or (device == "auto" and here)
    return processes(wildcards) if wanted and wildcards.method in LEARNERS else 0


def network(wildcards):
    """Return the settings of the network of a method that has one."""
    own = settings.network(dataset_name(wildcards), wildcards.method)
    return own.model_dump(mode="json") if wildcards.method in LEARNERS else None


def device(wildcards):
    """Name the device that a method is trained on."""
    return settings.run.device if wildcards.method in LEARNERS else "cpu"


def candidates(wildcards):
    """List what the candidates of a method change in its file."""
    return settings.run.search.values(wildcards.method, settings.run.split_seed)


def choice_of(wildcards):
    """Name the choice whose settings a method is trained with, where there is one."""
    leader = settings.leader(wildcards.method)
    return (
        f"{RUN}/{dataset_name(wildcards)}/search/{leader}/choice.json" if leader else []
    )


# Files of several trials.


def trials(pattern, dataset, chosen=TRIALS):
    """Name a file of every trial of a dataset, or of some."""
    return [pattern.format(dataset=dataset, method=m, seed=seed) for m, seed in chosen]


def all_trials(pattern):
    """Name a file of every trial of a job's dataset."""
    return lambda w: trials(pattern, w.dataset)


def own_trials(pattern):
    """Name a file of every trial of a job's method."""
    return lambda w: trials(
        pattern, w.dataset, [(w.method, seed) for seed in settings.seeds(w.method)]
    )


def embedded_trials(pattern):
    """Name a file of every trial of a job's dataset whose embeddings are shown."""
    chosen = [(method, settings.run.seeds[0]) for method in EMBEDDED]
    return lambda w: trials(pattern, w.dataset, chosen)


def split_files(pattern):
    """Name a file of each further split of a job's dataset."""
    return lambda w: [
        pattern.format(dataset=f"{w.dataset}/splits/{s}") for s in SPLIT_SEEDS
    ]


def split_trials(pattern, dataset):
    """Name a file of every trial on each further split of a dataset."""
    chosen = [(method, seed) for method, seed in TRIALS if method in split_methods()]
    folders = [f"{dataset}/splits/{seed}" for seed in SPLIT_SEEDS]
    return sum((trials(pattern, folder, chosen) for folder in folders), [])


def split_methods():
    """List the methods that are trained on further splits."""
    own = settings.run.splits
    return [
        m for m in settings.methods if own and m in (own.methods or settings.methods)
    ]


def by_seed(patterns, seeds):
    """Name outputs of several trials of a method."""
    return {
        name: expand(pattern, seed=seeds, allow_missing=True)
        for name, pattern in patterns.items()
    }


# Tables and figures.


def table_files(stem):
    """Name a table's files; snakemake's own report shows the first."""
    own = {"caption": "../report/table.rst", "subcategory": "Tables"}
    shown = report(
        f"{stem}.csv", category="{dataset}", labels={"table": Path(stem).name}, **own
    )
    return [shown, f"{stem}.md", f"{stem}.tex"]


def of_task(kind):
    """List the datasets of a kind of task."""
    return [name for name, own in settings.datasets.items() if own.task.kind == kind]


def figure_files(kind):
    """Name the files of a dataset's figures, by the dataset's kind of task."""
    names = figures_for(kind, settings.methods)
    return {
        "trials": [f"{HERE}/figures/trials/{m}-{seed}.png" for m, seed in TRIALS],
        "png": [plot(name) for name in names],
        **{
            s: [f"{HERE}/figures/{n}.{s}" for n in names] for s in ("csv", "txt", "svg")
        },
    }


def plot(name):
    """Name a figure's plot; snakemake's own report shows it."""
    own = {"caption": "../report/figure.rst", "subcategory": "Figures"}
    labels = {
        "figure": name.replace("_", " "),
        "shows": summary_of(name, of_paper=OF_PAPER),
    }
    path = f"{HERE}/figures/{name}.png"
    return report(path, category="{dataset}", labels=labels, **own)


def figures(*suffixes):
    """Name the figures of all datasets."""
    return [
        f"{RUN}/{name}/figures/{figure}.{suffix}"
        for name, own in settings.datasets.items()
        for figure in figures_for(own.task.kind, settings.methods)
        for suffix in suffixes
    ]


def report_parts():
    """Return what the report shows of each dataset, and where it is."""
    return [
        {
            "folder": HERE.format(dataset=name),
            "trials": trials(TRIAL, name),
            "figures": figures_for(own.task.kind, settings.methods),
            "missing": missing(own.task.kind, settings.methods) if own.of_paper else [],
            "separation": SEPARATION.format(dataset=name) if EMBEDDED else None,
            **({"splits": SPLIT_COMPARISON.format(dataset=name)} if SPLITS else {}),
        }
        for name, own in settings.datasets.items()
    ]


# The text about several finished runs.


def outputs(run, pattern):
    """List a run's files of all datasets."""
    return sorted(Path("results", run).glob(f"*/{pattern}"))


def finished(wildcards):
    """Digest the runs' outputs: as inputs they would have the runs made or trained again."""
    lacking = [run for run in TOLD if not outputs(run, "comparison.json")]
    if lacking:
        made_by = "\n".join(f"    {TOLD[run]}" for run in lacking)
        raise WorkflowError(
            f"docs/results.md tells of finished runs, and there is none in "
            f"{', '.join(f'results/{run}' for run in lacking)}. To make what is missing:\n{made_by}"
        )
    files = [file for run in TOLD for pattern in READ for file in outputs(run, pattern)]
    return sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


# The run as a whole.


def targets(wildcards):
    """Name what `all` makes; warn of results that other versions of packages made."""
    warn_of_versions()
    stems = [
        *(f"{RUN}/{d}/tables/{t}" for d in DATASETS for t in TABLES),
        *(f"{RUN}/{d}/tables/{t}" for d in DATASETS for t in SPLIT_TABLES),
        *(f"{RUN}/{d}/tables/{t}" for d in MEASURED for t in METRIC_TABLES),
        f"{RUN}/tables/table6",
    ]
    return [
        *(f"{stem}.{suffix}" for stem in stems for suffix in ("csv", "md", "tex")),
        *expand(f"{HERE}/tables/pairs.csv", dataset=DATASETS),
        *(f"{RUN}/{d}/tables/split_pairs.csv" for d in DATASETS if SPLITS),
        *figures("png", "svg", "csv"),
        *expand(f"{HERE}/data_report.html", dataset=DATASETS),
        REPORT,
        *expand(f"{HERE}/model.json", dataset=DATASETS),
    ]


@cache
def warn_of_versions():
    """Warn once of finished trainings that other versions of packages made."""
    records = [Path(p) for d in DATASETS for p in trials(TRAINED["record"], d)]
    if notice := other_versions(records):
        logger.warning(notice)


def lift_job_limit():
    """Lift the limit of jobs a second on this machine, so that looks for jobs follow their ends alone.

    To keep the limit, snakemake looks anew a second after every look, so that looks at all files
    add up: to more than a hundred a second after a hundred jobs.
    """
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None


@cache
def hold_run():
    """Hold the run's folder until this process ends; stop where another process holds it."""
    try:
        return hold(Path(RUN))
    except RunHeldError as error:
        raise WorkflowError(str(error)) from None


@cache
def fork_scripts():
    """Have this machine's scripts forked from one process that imports what they need once."""
    apart = [] if settings.run.logs == "sample" else OF_LOGS
    return start_server(shell.executable, apart)
