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
