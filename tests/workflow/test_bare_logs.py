"""A log of ratings alone goes to tables, the report and a served model.

That every method learns from such logs, tests/methods/test_bare_logs.py holds.
"""

import csv
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pipeline_lib.evaluation.comparison import ACTIVITY
from tests.data.ratings_and_movies import BARE, write_ratings_and_movies
from tests.workflow.small_project import copy_project

METHODS = ["two-bias", "at-paml"]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the workflow on ratings alone; return the results."""
    project = copy_project(tmp_path_factory.mktemp("bare") / "project")
    write_ratings_and_movies(project.folder / "raw/ml-latest-small")
    path = project.folder / "config/datasets/bare.yaml"
    path.write_text(yaml.safe_dump(BARE), encoding="utf-8")
    project.edit(
        "config/config.yaml",
        name="mine",
        logs="real",
        raw_dir="raw",
        datasets=["bare"],
        methods=METHODS,
        seeds=[0],
        override={"at-paml": {"epochs": 1, "outer_lr": 1e-3}},
    )
    result = project.snakemake("all")
    assert result.returncode == 0, result.stdout + result.stderr
    return project.folder / "results/mine/bare"


@pytest.mark.slow
def test_tables_and_the_report_have_its_methods_and_no_paper(here: Path) -> None:
    assert ACTIVITY in (here / "tables/table4.md").read_text("utf-8")
    with (here / "tables/pairs.csv").open(encoding="utf-8") as file:
        compared = {row[key] for row in csv.DictReader(file) for key in ("left", "right")}
    assert compared == set(METHODS)
    captions = " ".join(path.read_text("utf-8") for path in (here / "figures").glob("*.txt"))
    assert ACTIVITY in captions
    assert "paper" not in captions
    report = (here.parent / "report.html").read_text("utf-8")
    assert ACTIVITY in report
    assert re.findall(r"[^.<>]*paper(?!s)[^.<>]*", re.sub(r"base64,[^\"]*", "", report)) == []


@pytest.mark.slow
def test_a_model_answers_users_of_whom_only_ratings_are_known(here: Path, tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text("user\nnew\nidle\n")
    (tmp_path / "support.csv").write_text("user,item,target\nnew,7,5\nnew,14,0.5\n")
    command = [sys.executable, "-m", "pipeline_lib", "recommend", "--top", "3"]
    command += ["--model", str(here / "model"), "--users", "users.csv", "--support", "support.csv"]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    rows = list(csv.DictReader(answer.stdout.splitlines()))
    assert [row["user"] for row in rows] == ["new"] * 3 + ["idle"] * 3
    assert all(0.5 <= float(row["score"]) <= 5 for row in rows)
    assert {row["note"] for row in rows} == {""}
