"""Metrics that a finished run is asked for besides: only what judges runs, and what follows."""

import csv
import json
from typing import Any

import pytest
from filelock import FileLock

from pipeline_lib.api import open_run
from tests.workflow.small_project import OUTPUT, SmallProject, copy_finished
from tests.workflow.test_reruns import jobs

HERE = "results/sample/movielens"
CHOICE = ("--config", "metrics=[mae, ndcg_10, mse]")
JUDGED = {
    "evaluate_references movielens two-bias",
    "evaluate movielens melu",
    "evaluate movielens paml",
    "compare movielens",
    "metric_tables movielens",
}


@pytest.fixture(scope="module")
def chosen(finished: SmallProject, tmp_path_factory: pytest.TempPathFactory) -> SmallProject:
    project = copy_finished(finished, tmp_path_factory.mktemp("metrics") / "project")
    sends = project.folder / "results/mlflow/sender.lock"
    with FileLock(sends):  # as if another workflow sent: nothing here is of MLflow
        result = project.snakemake(f"{HERE}/tables/metrics.md", *CHOICE)
    said = result.stdout + result.stderr
    assert result.returncode == 0, said
    (project.folder / OUTPUT).write_text(said, encoding="utf-8")
    return project


def methods(project: SmallProject) -> list[dict[str, Any]]:
    comparison = json.loads((project.folder / HERE / "comparison.json").read_text("utf-8"))
    found: list[dict[str, Any]] = comparison["methods"]
    return found


def test_nothing_is_trained_or_predicted_again(chosen: SmallProject) -> None:
    assert jobs((chosen.folder / OUTPUT).read_text("utf-8")) == JUDGED


@pytest.mark.slow
def test_all_that_follows_runs_again(finished: SmallProject) -> None:
    shown = {"tables movielens", "figures movielens", "report", "check_trainings"}
    assert jobs(finished.snakemake("--dry-run", "all", *CHOICE).stdout) == JUDGED | shown


def test_the_table_has_the_evaluations_means(chosen: SmallProject) -> None:
    with (chosen.folder / HERE / "tables/metrics.csv").open(encoding="utf-8") as file:
        rows = {row["method"]: row for row in csv.DictReader(file)}
    trials = [chosen.folder / HERE / f"methods/paml/seed-{seed}" for seed in (0, 1)]
    judged = [json.loads((trial / "evaluation.json").read_text("utf-8")) for trial in trials]
    for name in ("mae", "ndcg_10", "mse"):
        mean = sum(own["metrics"][name] for own in judged) / 2
        assert float(rows["paml"][f"{name}_mean"]) == pytest.approx(mean, rel=1e-12)
        low, high = (float(rows["paml"][f"{name}_{end}"]) for end in ("low", "high"))
        assert low < mean < high
        assert float(rows["one-score"][f"{name}_mean"]) == judged[0]["one_score"][name]


def test_what_was_computed_before_stays(finished: SmallProject, chosen: SmallProject) -> None:
    for old, new in zip(methods(finished), methods(chosen), strict=True):
        assert new["metrics"].keys() - old["metrics"].keys() == {"mae", "ndcg_10"}
        for name, statistic in old["metrics"].items():
            assert new["metrics"][name]["values"] == statistic["values"]


def test_the_api_reads_and_computes_the_same(finished: SmallProject, chosen: SmallProject) -> None:
    judged, plain = (
        open_run(project.folder / "results/sample").results("movielens", "paml")
        for project in (chosen, finished)
    )
    assert {*judged.users.columns} - {*plain.users.columns} == {"mae", "ndcg_10"}
    measured = plain.measure("mae", "ndcg_10")
    assert measured.users.equals(judged.users)
    assert measured.metrics().equals(judged.metrics())
    assert judged.measure("rmse").users.drop("rmse").equals(judged.users)
    with pytest.raises(ValueError, match="unknown metric of a rating 'mrr'"):
        plain.measure("mrr")
