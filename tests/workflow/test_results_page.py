"""The text about finished runs, in real runs of its rule."""

import json
import shutil

import pytest

from tests.workflow.small_project import SmallProject

TEMPLATE = """{{ overview("tuned", "movielens") }}
{{ figure("paper", "movielens", "support_size") }}
{{ table("paper", "movielens", "table2") }}
{{ origin("paper") }}
{% for method in ("two-bias", "melu", "paml") %}
mean of {{ method }}: {{ value("paper", "movielens", method) }}
{% endfor %}
    {{ command("tuned") }}
"""


@pytest.fixture
def told(finished: SmallProject, project: SmallProject) -> SmallProject:
    """A project with a text, and the runs that it tells of, finished elsewhere."""
    for run in ("paper", "tuned", "sample-clicks"):
        shutil.copytree(finished.folder / "results/sample", project.folder / "results" / run)
    (project.folder / "docs").mkdir()
    (project.folder / "docs/results.md.j2").write_text(TEMPLATE, encoding="utf-8")
    return project


@pytest.mark.slow
def test_a_run_that_is_not_there_is_named_with_its_command(told: SmallProject) -> None:
    shutil.rmtree(told.folder / "results/tuned")
    result = told.snakemake("results")
    assert result.returncode != 0
    said = result.stdout + result.stderr
    assert "there is none in results/tuned. To make what is missing:" in said
    assert "snakemake all --cores 8 --configfile config/tuned.yaml" in said
    assert "--configfile config/paper.yaml" not in said


@pytest.mark.slow
def test_the_text_holds_what_the_runs_gave(told: SmallProject) -> None:
    result = told.snakemake("results")
    assert result.returncode == 0, result.stdout + result.stderr
    here = told.folder / "results/paper/movielens"
    text = (told.folder / "docs/results.md").read_text(encoding="utf-8")
    for method in json.loads((here / "comparison.json").read_bytes())["methods"]:
        assert f"mean of {method['name']}: {method['metrics']['mse']['mean']}\n" in text
    assert (here / "tables/table2.md").read_text(encoding="utf-8").split("\n", 1)[1] in text
    assert json.loads((here / "split/split.json").read_bytes())["sha256"] in text
    copied = told.folder / "docs/images/results/paper-movielens-support_size.png"
    assert copied.read_bytes() == (here / "figures/support_size.png").read_bytes()

    # The page is made anew of other results, and nothing else is, whatever run is asked for.
    assert told.planned("results") == set()
    comparison = here / "comparison.json"
    comparison.write_text(comparison.read_text("utf-8") + "\n", encoding="utf-8")
    assert told.planned("results", "--configfile", "config/paper.yaml") == {"results"}
