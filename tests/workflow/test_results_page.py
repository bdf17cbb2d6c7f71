"""The text about finished runs, in a real run of its rule."""

import shutil

import pytest

from tests.workflow.small_project import SmallProject

TEMPLATE = """{{ number("paper", "movielens", "melu") }}
{{ overview("tuned", "movielens", "two-bias") }}
{{ figure("paper", "movielens", "support_size") }}
{{ table("paper", "movielens", "table2") }}
{{ origin("paper") }}
{{ claim(value("paper", "movielens", "melu") > CLAIM, "melu's error is above it") }}
"""


def write_template(project: SmallProject, claim: str) -> None:
    (project.folder / "docs").mkdir(exist_ok=True)
    file = project.folder / "docs/results.md.j2"
    file.write_text(TEMPLATE.replace("CLAIM", claim), encoding="utf-8")


def test_runs_that_are_not_there_are_named_with_their_commands(project: SmallProject) -> None:
    write_template(project, "0")
    result = project.snakemake("results")
    assert result.returncode != 0
    said = result.stdout + result.stderr
    assert "make these first" in said
    assert "snakemake --configfile config/paper.yaml" in said
    assert "snakemake --configfile config/tuned.yaml" in said


@pytest.mark.slow
def test_the_text_holds_what_the_runs_gave(finished: SmallProject, project: SmallProject) -> None:
    for run in ("paper", "tuned"):
        shutil.copytree(finished.folder / "results/sample", project.folder / "results" / run)
    write_template(project, "0")
    result = project.snakemake("results")
    assert result.returncode == 0, result.stdout + result.stderr
    text = (project.folder / "docs/results.md").read_text(encoding="utf-8")
    table = (project.folder / "results/paper/movielens/tables/table2.md").read_text("utf-8")
    assert all(line in text for line in table.splitlines()[2:])
    assert (project.folder / "docs/images/results/paper-movielens-support_size.png").is_file()
    assert "melu's error is above it" in text

    write_template(project, "1000")
    result = project.snakemake("results")
    assert result.returncode != 0
    assert "the results do not bear this out: melu's error" in result.stdout + result.stderr
    assert not (project.folder / "docs/results.md").exists()
