# The text about several finished runs, docs/results.md; no part of `all`.

# The runs that the text tells of: by folder below results/, the command that makes it.
TOLD = {
    "paper": "snakemake all --cores 8 --configfile config/paper.yaml "
    "--config raw_dir=<folder> 'datasets=[movielens, bookcrossing]' "
    "'methods=[global-mean, user-mean, item-mean, two-bias, matrix-factorisation, "
    "transfer, melu, meta-sgd, paml, at-paml, at-paml-raw, at-paml-outer-5e-4, "
    "reg-paml-1e-5, reg-paml-1e-4, reg-paml, reg-paml-1e-2]'",
    "tuned": "snakemake all --cores 8 --configfile config/tuned.yaml "
    "--config raw_dir=<folder> 'methods=[user-mean, item-mean, two-bias, "
    "matrix-factorisation, regression, boosted-trees, melu, paml, shared-paml, "
    "paml-shrunk, shared-paml-shrunk, meta-sgd, at-paml, reg-paml, anil, tanp, mamo, "
    "in-context, effects-ridge]'",
    "sample-clicks": "snakemake all --cores 8 --configfile config/paper.yaml "
    "--config name=sample-clicks logs=sample 'datasets=[taobao]' "
    "'methods=[global-mean, user-mean, item-mean, two-bias, matrix-factorisation, "
    "transfer, melu, meta-sgd, paml, at-paml, reg-paml]'",
}
READ = (
    "comparison.json",
    "splits.json",
    "data_report.json",
    "tables/*.md",
    "figures/*.png",
    "figures/*.csv",
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
        *code("results", map(module_of, plots())),
        *templates("results.md.j2"),
        runs=TOLD,
        finished=finished,
    script:
        "../scripts/results.py"


# The leaderboard, docs/leaderboard.md, and the entries that a run has for it; no part of `all`.


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
