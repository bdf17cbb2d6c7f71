# Functions that name the files of several jobs: of trials, tables, figures and runs.

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


# Entries of the leaderboard.


def entries():
    """Return each method's trials on each dataset, on its further splits where it has some."""
    found = []
    for name, method in product(DATASETS, settings.methods):
        further = [f"{name}/splits/{seed}" for seed in SPLIT_SEEDS]
        folders = further if method in split_methods() else [name]
        chosen = [(method, seed) for seed in settings.seeds(method)]
        leader = settings.leader(method)
        found.append(
            {
                "dataset": name,
                "method": method,
                "label": settings.methods[method].label or method,
                "candidates": len(candidates_of(leader)) if leader else 1,
                "trials": [
                    t for folder in folders for t in trials(TRIAL, folder, chosen)
                ],
            }
        )
    return found


def origins():
    """Return what entries say of their datasets."""
    return {
        name: {
            "dataset": own.title,
            "logs": settings.run.logs,
            "partition": own.partition.model_dump(mode="json", exclude_defaults=True),
            "chosen_on": settings.run.split_seed,
        }
        for name, own in settings.datasets.items()
    }
