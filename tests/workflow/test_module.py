"""The workflow as others use it: as a module of another workflow, linted, at a known version."""

import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.workflow.small_project import ROOT, SmallProject, copy_project

SNAKEFILE = """\
configfile: "both.yaml"


module paml:
    snakefile:
        "../pipeline/Snakefile"
    config:
        config["paml"]


use rule * from paml as paml_*


onstart:
    paml.onstart()


rule all:
    default_target: True
    input:
        rules.paml_all.input,
"""
# What --lint may find, and why it stays.
ARGUED = {
    # One environment serves all rules: the library's, whose versions constraints.txt pins.
    "Specify a conda environment or container for each rule.": "",
    # A GPU's device files have the same names on every machine with Linux.
    'Absolute path "/dev"': "params.smk",
}
# Snakemake documents no run without a limit of jobs a second; to keep it costs a look at all files
# more a second with every job.
UNDOCUMENTED = {"local_exec", "scheduler"}


@pytest.fixture
def importing(tmp_path: Path) -> SmallProject:
    """Write a workflow in another folder, whose config holds ours under a key."""
    folder = tmp_path / "importing"
    folder.mkdir()
    project = copy_project(tmp_path / "pipeline")
    config = yaml.safe_load((project.folder / "config/config.yaml").read_text("utf-8"))
    both = {"other": 1, "paml": config | {"name": "sample-module"}}
    (folder / "both.yaml").write_text(yaml.safe_dump(both), encoding="utf-8")
    (folder / "Snakefile").write_text(SNAKEFILE, encoding="utf-8")
    return SmallProject(folder)


@pytest.mark.slow
def test_another_workflow_plans_it_as_a_module(importing: SmallProject) -> None:
    planned = importing.planned()
    assert {"paml_clean", "paml_train paml 1", "paml_figures", "paml_report"} <= planned
    assert all(job.startswith("paml_") for job in planned)


@pytest.mark.slow
def test_another_workflow_runs_it_as_a_module(importing: SmallProject) -> None:
    target = "results/sample-module/movielens/split/split.json"
    result = importing.snakemake(target)
    assert result.returncode == 0, result.stdout + result.stderr
    assert json.loads((importing.folder / target).read_bytes())["users"] > 0
    assert (importing.folder / "results/sample-module/.lock").exists()  # onstart ran
    assert (importing.folder / "results/sample-module/movielens/logs/clean.log").is_file()


@pytest.mark.slow
def test_the_linter_finds_nothing_that_is_not_argued(project: SmallProject) -> None:
    found = project.snakemake("--lint").stderr
    blocks = re.findall(r"^Lints for (.*):\n((?: .*\n)+)", found, re.MULTILINE)
    lints = [(t, where) for where, own in blocks for t in re.findall(r"^    \* (.*)$", own, re.M)]
    assert len(lints) > len(ARGUED)
    for title, where in lints:
        assert any(title.startswith(t) and place in where for t, place in ARGUED.items()), title


def test_snakemakes_least_version_is_the_projects() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    (needed,) = (d for d in project["dependencies"] if re.match(r"snakemake[^-\w]", d))
    text = (ROOT / "Snakefile").read_text(encoding="utf-8")
    assert re.findall(r'min_version\("(.*)"\)', text) == [needed.removeprefix("snakemake>=")]


def test_no_file_of_the_workflow_uses_what_snakemake_does_not_document() -> None:
    files = [ROOT / "Snakefile", *(ROOT / "workflow/rules").glob("*.smk")]
    used = {
        word for path in files for word in re.findall(r"[(\s]workflow\.(\w+)", path.read_text())
    }
    assert used == {"current_basedir", *UNDOCUMENTED}


def test_the_catalogs_entry_has_what_it_needs() -> None:
    entry = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text("utf-8"))
    assert set(entry["usage"]) == {"mandatory-flags", "software-stack-deployment", "report"}
    assert (ROOT / "config/README.md").is_file()
