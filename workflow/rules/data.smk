# Raw logs, generated, found or downloaded; then cleaned.


def raw_folder(dataset):
    """Name the folder of a dataset's raw files."""
    if settings.run.logs == "sample":
        return f"{RUN}/{dataset}/raw"
    folder = settings.datasets[dataset].folder
    return f"{settings.run.raw_dir or 'results/downloads'}/{folder}"


def raw_files(dataset):
    """Name the raw files by role; an optional file only where it lies there already."""
    folder = Path(raw_folder(dataset))
    return {
        role: str(folder / table.file)
        for role, table in settings.datasets[dataset].tables().items()
        if settings.run.logs == "sample"
        or table.presence == "required"
        or (folder / table.file).is_file()
    }


def first_of_folder(name):
    """Tell whether no dataset before this one has the same raw files."""
    same = [n for n in settings.datasets if raw_folder(n) == raw_folder(name)]
    return same[0] == name


for name, dataset in settings.datasets.items():
    if settings.run.logs == "sample":

        rule:
            name:
                f"sample_logs_{name}"
            output:
                **raw_files(name),
            params:
                settings=dataset.sample.model_dump(mode="json"),
                code=code("sample_logs"),
            script:
                "../scripts/sample_logs.py"

    elif settings.run.raw_dir is None and first_of_folder(name):

        rule:
            name:
                f"fetch_{name}"
            output:
                [
                    f"{raw_folder(name)}/{table.file}"
                    for table in dataset.tables().values()
                    if table.presence == "required"
                ],
            log:
                f"{RUN}/{name}/logs/fetch.log",
            params:
                dataset=name,
                archive=dataset.archive.model_dump(mode="json"),
                download=f"{raw_folder(name)}.zip",
            script:
                "../scripts/fetch.py"


rule clean:
    input:
        unpack(lambda w: raw_files(w.dataset)),
    output:
        users=f"{HERE}/clean/users.parquet",
        item_table=f"{HERE}/clean/items.parquet",
        interactions=f"{HERE}/clean/interactions.parquet",
        events=f"{HERE}/clean/events.parquet",
        rejects=f"{HERE}/clean/rejects.parquet",
        report=f"{HERE}/clean/report.json",
    log:
        f"{HERE}/logs/clean.log",
    params:
        settings=lambda w: settings.datasets[w.dataset].log_settings(),
        code=code("clean"),
    script:
        "../scripts/clean.py"
