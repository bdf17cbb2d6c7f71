# Raw logs, generated, found or downloaded; then cleaned.


def raw_folder(dataset):
    """Name the folder of a dataset's raw files."""
    if settings.run.logs == "sample":
        return f"{RUN}/{dataset}/raw"
    folder = settings.datasets[dataset].folder
    return f"{settings.run.raw_dir or 'results/downloads'}/{folder}"


def raw_files(dataset):
    """Name the raw files by role; an optional file only where it lies there already."""
    folder, named = Path(raw_folder(dataset)), settings.datasets[dataset]
    optional = {
        role: file
        for role, file in named.optional_files.items()
        if settings.run.logs == "sample" or (folder / file).is_file()
    }
    return {role: str(folder / file) for role, file in (named.files | optional).items()}


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

    elif settings.run.raw_dir is None:

        rule:
            name:
                f"fetch_{name}"
            output:
                [f"{raw_folder(name)}/{file}" for file in dataset.files.values()],
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
        rejects=f"{HERE}/clean/rejects.parquet",
        report=f"{HERE}/clean/report.json",
    log:
        f"{HERE}/logs/clean.log",
    params:
        settings=lambda w: settings.datasets[w.dataset].log_settings(),
        code=code("clean"),
    script:
        "../scripts/clean.py"
