# The text about several finished runs, docs/results.md; no part of `all`.
from hashlib import sha256
from pathlib import Path

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


def finished(_):
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


def outputs(run, pattern):
    """List a run's files of all datasets."""
    return sorted(Path("results", run).glob(f"*/{pattern}"))


rule results:
    input:
        template=local("docs/results.md.j2"),
        paper=PAPER,
    output:
        text=local("docs/results.md"),
        images=local(directory("docs/images/results")),
    params:
        runs=TOLD,
        finished=finished,
        included=templates("results.md.j2"),
        code=code("results"),
    script:
        "../scripts/results.py"
