"""A run in which a method's trainings are stopped: all else is made, and it ends with an error."""

import json
import re
from typing import Any

import polars as pl
import pytest
from mlflow import MlflowClient

from pipeline_lib.storage.tensors import read_tensors
from tests.workflow.small_project import JOB, OUTPUT, SmallProject, copy_finished

pytestmark = pytest.mark.slow
HERE = "results/sample/movielens"
OVERRIDE = ("--config", "override={melu: {inner_lr: 100000.0}}")
STOPPED = re.compile(r"movielens melu seed ([01]): epoch 1, batch 1: a user's loss is as large as")
SHOWN = {"compare", "tables", "figures", "report", "project", "best_model", "check_trainings"}


@pytest.fixture(scope="module")
def exploded(finished: SmallProject, tmp_path_factory: pytest.TempPathFactory) -> SmallProject:
    """Give MeLU steps so large that it fails; tests may read what is left, not change it."""
    project = copy_finished(finished, tmp_path_factory.mktemp("exploded") / "project")
    result = project.snakemake("all", *OVERRIDE)
    (project.folder / OUTPUT).write_text(result.stdout + result.stderr, encoding="utf-8")
    assert result.returncode != 0
    return project


def read(project: SmallProject, file: str) -> Any:  # noqa: ANN401
    return json.loads((project.folder / HERE / file).read_text(encoding="utf-8"))


def test_the_run_ends_with_an_error_that_says_where_and_why(exploded: SmallProject) -> None:
    said = (exploded.folder / OUTPUT).read_text(encoding="utf-8")
    end = said[said.index("2 of 5 trainings were stopped") :]
    assert STOPPED.findall(end) == ["0", "1"]
    assert f"as no epoch ended: {HERE}/methods/melu/seed-1/weights.safetensors" in end
    assert [rule for rule, _ in JOB.findall(said)][-1] == "check_trainings"


def test_all_else_is_made_anew_without_the_method(
    exploded: SmallProject, finished: SmallProject
) -> None:
    """Every file of the whole run is there but the one that says that nothing was stopped."""
    comparison, before = (read(run, "comparison.json") for run in (exploded, finished))
    assert [method["name"] for method in comparison["methods"]] == ["two-bias", "paml"]
    assert [method["name"] for method in comparison["stopped"]] == ["melu"]
    assert (comparison["baselines"], comparison["references"]) == ({}, before["references"])
    whole, own = (
        {p.relative_to(run.folder / "results") for p in run.folder.glob("results/sample/**/*.*")}
        for run in (finished, exploded)
    )
    assert {str(path) for path in whole - own} == {"sample/trainings.sound"}
    others = {one["method"] for one in read(exploded, "model.json")["others"]}
    assert "melu" not in others | {read(exploded, "model.json")["chosen"]["method"]}


def test_its_row_has_dashes_and_a_note_says_why(exploded: SmallProject) -> None:
    table = (exploded.folder / HERE / "tables/table2.md").read_text(encoding="utf-8")
    assert re.search(r"^\| MeLU +(\| +— +)+\|$", table, re.MULTILINE)
    note = "- MeLU is left out. Seed 0 was stopped in epoch 1, batch 1: a user's loss"
    assert note in table
    page = (exploded.folder / "results/sample/report.html").read_text(encoding="utf-8")
    assert "MeLU is left out. Seed 0 was stopped" in page
    csv = pl.read_csv(exploded.folder / HERE / "tables/table2.csv")
    assert csv.filter(method="melu")["mse_mean"].to_list() == [None]


def test_its_trainings_leave_good_weights_and_are_marked_failed_in_mlflow(
    exploded: SmallProject,
) -> None:
    log = (exploded.folder / HERE / "logs/train/melu-0.log").read_text(encoding="utf-8")
    assert re.search(r"epoch 1, batch 1: a user's loss is as large as .* \(users \w+", log)
    left = read_tensors(exploded.folder / HERE / "methods/melu/seed-0/weights.safetensors")
    assert all(tensor.isfinite().all() for tensor in left.values())
    client = MlflowClient(f"sqlite:///{exploded.folder}/results/mlflow/mlflow.db")
    experiment = client.get_experiment_by_name("sample/movielens")
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id], "tags.superseded = 'false'")
    found = {run.info.run_name: run for run in runs}
    assert {
        n: run.info.status for n, run in found.items() if n.startswith("melu")
    } == dict.fromkeys(("melu", "melu seed 0", "melu seed 1"), "FAILED")
    assert "a user's loss is as large as" in found["melu seed 0"].data.tags["error"]
    assert found["paml seed 0"].info.status == "FINISHED"


def test_the_same_command_trains_nothing_and_ends_alike(exploded: SmallProject) -> None:
    again = exploded.snakemake("all", *OVERRIDE)
    said = again.stdout + again.stderr
    assert again.returncode != 0
    assert [rule for rule, _ in JOB.findall(said)] == ["check_trainings"]
    assert STOPPED.findall(said) == ["0", "1"]


def test_settings_that_heal_it_run_what_it_had_changed(exploded: SmallProject) -> None:
    own = {"train melu 0", "train melu 1", "predict melu", "evaluate melu"}
    assert exploded.planned("all") == own | SHOWN
