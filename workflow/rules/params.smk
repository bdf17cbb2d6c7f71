# Functions that give jobs their raw files, params, resources, and what reruns them.

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


def candidates_of(method):
    """List what the candidates of a method change in its file."""
    return settings.run.search.values(method, settings.run.split_seed)


def choice_of(wildcards):
    """Name the choice whose settings a method is trained with, where there is one."""
    leader = settings.leader(wildcards.method)
    return (
        f"{RUN}/{dataset_name(wildcards)}/search/{leader}/choice.json" if leader else []
    )
