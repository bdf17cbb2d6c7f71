# The text about several finished runs, docs/results.md; no part of `all`.
from pathlib import Path

# By folder below results/, the configuration that makes the run.
TOLD = {"paper": "config/paper.yaml", "tuned": "config/tuned.yaml"}


def told(_):
    """List the comparisons of the runs that the text is about, which must be finished."""
    files = {
        run: sorted(Path("results", run).glob("*/comparison.json")) for run in TOLD
    }
    if lacking := [run for run, found in files.items() if not found]:
        commands = "\n".join(
            f"    snakemake --configfile {TOLD[run]}" for run in lacking
        )
        raise WorkflowError(
            f"docs/results.md tells of finished runs; make these first:\n{commands}"
        )
    return [str(file) for found in files.values() for file in found]


rule results:
    input:
        template=local("docs/results.md.j2"),
        comparisons=told,
    output:
        text=local("docs/results.md"),
        images=directory("docs/images/results"),
    params:
        runs=list(TOLD),
        code=code("results"),
    script:
        "../scripts/results.py"
