# The text about several finished runs, docs/results.md; no part of `all`.

# The runs that the text tells of: by folder below results/, the command that makes it.
TOLD = {
    "paper": "snakemake all --cores 8 --configfile config/paper.yaml "
    "--config raw_dir=<folder> 'datasets=[movielens, bookcrossing]'",
    "tuned": "snakemake all --cores 8 --configfile config/tuned.yaml "
    "--config raw_dir=<folder>",
}
READ = (
    "comparison.json",
    "data_report.json",
    "tables/*.md",
    "figures/*.png",
    "figures/*.txt",
    "methods/*/*/training.json",
    "search/*/choice.json",
)


rule results:
    """Write the text about finished runs."""
    input:
        template=local("docs/results.md.j2"),
        paper=PAPER,
    output:
        text=local("docs/results.md"),
        images=local(directory("docs/images/results")),
    log:
        local("results/logs/results.log"),
    params:
        *code("results"),
        *templates("results.md.j2"),
        runs=TOLD,
        finished=finished,
    script:
        "../scripts/results.py"


# The leaderboard, docs/leaderboard.md, and the entries that a run has for it; no part of `all`.


def entries():
    """Return each method's trials on each dataset, on its further splits where it has some."""
    found = []
    for name, method in product(DATASETS, settings.methods):
        further = [f"{name}/splits/{seed}" for seed in SPLIT_SEEDS]
        folders = further if method in split_methods() else [name]
        chosen = [(method, seed) for seed in settings.seeds(method)]
        searched = settings.leader(method) is not None
        found.append(
            {
                "dataset": name,
                "method": method,
                "label": settings.methods[method].label or method,
                "candidates": settings.run.search.candidates if searched else 1,
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


rule entries:
    """Write each method's result on each dataset as an entry of the leaderboard."""
    input:
        [
            f"{trial}/{file}"
            for entry in entries()
            for trial in entry["trials"]
            for file in ("training.json", "evaluation.json")
        ],
        splits=expand(SPLIT_RECORD, dataset=[*DATASETS, *SPLITS]),
    output:
        [f"{RUN}/leaderboard/{e['dataset']}-{e['method']}.json" for e in entries()],
    log:
        f"{RUN}/logs/entries.log",
    params:
        *code("entries"),
        entries=entries(),
        origins=origins(),
    script:
        "../scripts/entries.py"


rule leaderboard:
    """Write the leaderboard from its entries."""
    input:
        local(sorted(map(str, Path("docs/leaderboard").glob("*/*.json")))),
    output:
        local("docs/leaderboard.md"),
    log:
        local("results/logs/leaderboard.log"),
    params:
        *code("leaderboard"),
        *templates("leaderboard.md.j2"),
    script:
        "../scripts/leaderboard.py"
