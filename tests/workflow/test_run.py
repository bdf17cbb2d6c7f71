"""The whole workflow, run for real on small sample logs."""

import csv
import json
import re
import shutil
from itertools import chain
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from mlflow import MlflowClient

from pipeline_lib.episodes.format import Episodes
from tests.workflow.small_project import JOB, OUTPUT, SmallProject

HERE = "results/sample/movielens"
GENRE = {"kind": "multi-valued", "separator": "|"}
# What shows the results of trials; embeddings are those of MeLU, for PAML is an ablation.
SHOWN = {"compare", "tables", "figures", "report"}
TRIALS = ["two-bias/seed-0", *(f"{m}/seed-{s}" for m in ("melu", "paml") for s in (0, 1))]


def record(project: SmallProject, path: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((project.folder / HERE / path).read_text(encoding="utf-8"))
    return content


def metrics(project: SmallProject, trial: str) -> dict[str, float]:
    found: dict[str, float] = record(project, f"methods/{trial}/evaluation.json")["metrics"]
    return found


def said(finished: SmallProject) -> str:
    """What the run printed."""
    return (finished.folder / OUTPUT).read_text(encoding="utf-8")


def test_ends_by_naming_the_report(finished: SmallProject) -> None:
    assert f"{finished.folder}/results/sample/report.html" in said(finished)


def test_every_job_has_its_log(finished: SmallProject) -> None:
    jobs = [body for rule, body in JOB.findall(said(finished)) if rule != "all"]
    logs = [re.findall(r"^    log: (.*)$", body, re.MULTILINE) for body in jobs]
    assert len(jobs) == 24
    assert all(len(own) == 1 and (finished.folder / own[0]).is_file() for own in logs)


@pytest.mark.parametrize(
    "table",
    ["table3", "table5", "error_pairs", "ranking_pairs", "gaps", "definitions", "claims", "costs"],
)
@pytest.mark.parametrize("kind", ["csv", "md", "tex"])
def test_writes_each_table_in_each_format(finished: SmallProject, table: str, kind: str) -> None:
    text = (finished.folder / HERE / f"tables/{table}.{kind}").read_text(encoding="utf-8")
    assert "PAML" in text


def test_methods_are_compared_on_their_own_users(finished: SmallProject) -> None:
    comparison = record(finished, "comparison.json")
    means = {
        m["name"]: {k: v["mean"] for k, v in m["metrics"].items()} for m in comparison["methods"]
    }
    assert comparison["pairs"]
    for pair in comparison["pairs"]:
        left, right = (means[pair[side]][pair["metric"]] for side in ("left", "right"))
        assert pair["difference"] == pytest.approx(left - right, abs=1e-9)


def test_tables_of_what_was_not_asked_for_say_so(finished: SmallProject) -> None:
    text = (finished.folder / HERE / "tables/table2.md").read_text(encoding="utf-8")
    missing = "meta-sgd, transfer, at-paml, reg-paml"
    assert f"In the paper's Table 2, but not run here: {missing}." in text


def test_labels_sample_results_as_such(finished: SmallProject) -> None:
    assert record(finished, "comparison.json")["sample"] is True
    assert "SAMPLE DATA" in (finished.folder / HERE / "tables/table2.md").read_text("utf-8")


def test_every_raw_row_is_kept_or_rejected(finished: SmallProject) -> None:
    rejects = pl.read_parquet(finished.folder / HERE / "clean/rejects.parquet")
    for count in record(finished, "clean/report.json")["files"]:
        lines = (finished.folder / HERE / "raw" / count["file"]).read_bytes().count(b"\n")
        own = rejects.filter(pl.col("file") == count["file"]).height
        assert lines == count["read"] == count["kept"] + own


def test_every_result_records_the_split(finished: SmallProject) -> None:
    split = record(finished, "split/split.json")["sha256"]
    for trial in TRIALS:
        for name in ("training", "evaluation"):
            assert record(finished, f"methods/{trial}/{name}.json")["split_sha256"] == split
    assert record(finished, "comparison.json")["split_sha256"] == split


def test_folds_share_no_user_and_cover_the_split(finished: SmallProject) -> None:
    folder = finished.folder / HERE
    folds = [
        Episodes.load(folder / f"episodes/{fold}.safetensors").user.tolist()
        for fold in ("train", "validation", "test")
    ]
    users = pl.read_parquet(folder / "split/users.parquet").height
    assert sorted(chain(*folds)) == list(range(users))


def test_predicts_every_query_row_of_every_test_user(finished: SmallProject) -> None:
    folder = finished.folder / HERE
    rows = pl.read_parquet(folder / "split/interactions.parquet")
    due = rows.filter((pl.col("fold") == "test") & (pl.col("part") == "query"))
    for trial in TRIALS:
        predicted = pl.read_parquet(folder / f"methods/{trial}/predictions.parquet")
        columns = ["user", "item", "target"]
        assert (
            predicted.select("user", "item", pl.col("target").cast(pl.Float32))
            .sort(columns)
            .equals(due.select(columns).sort(columns))
        )


def test_table_3_holds_the_mean_of_the_trials(finished: SmallProject) -> None:
    values = [record(finished, f"methods/paml/seed-{s}/evaluation.json") for s in (0, 1)]
    mean = sum(v["metrics"]["mse"] for v in values) / 2
    with (finished.folder / HERE / "tables/table3.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    (paml,) = (row for row in rows if row["method"] == "paml")
    assert float(paml["mse_mean"]) == pytest.approx(mean, rel=1e-12)


def test_mirrors_each_training_into_mlflow(finished: SmallProject) -> None:
    client = MlflowClient(f"sqlite:///{finished.folder}/results/mlflow/mlflow.db")
    experiment = client.get_experiment_by_name("sample/movielens")
    assert experiment is not None
    runs = {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}
    seeds = {trial.replace("/seed-", " seed ") for trial in TRIALS}
    assert set(runs) == seeds | {"two-bias", "melu", "paml"}
    assert {run.info.status for run in runs.values()} == {"FINISHED"}
    assert {run.data.tags["superseded"] for run in runs.values()} == {"false"}
    assert not list(finished.folder.rglob("*.new"))
    paml = runs["paml seed 0"]
    assert paml.data.params["outer_lr"] == "0.001"
    assert paml.data.tags["mlflow.parentRunId"] == runs["paml"].info.run_id
    assert paml.data.tags["split"] == record(finished, "split/split.json")["sha256"]
    assert paml.data.metrics["test/mse"] == metrics(finished, "paml/seed-0")["mse"]
    mean = (metrics(finished, "paml/seed-0")["mse"] + metrics(finished, "paml/seed-1")["mse"]) / 2
    assert runs["paml"].data.metrics["test/mse"] == pytest.approx(mean)


def test_mlflow_has_every_figure_of_every_epoch_once(finished: SmallProject) -> None:
    client = MlflowClient(f"sqlite:///{finished.folder}/results/mlflow/mlflow.db")
    experiment = client.get_experiment_by_name("sample/movielens")
    assert experiment is not None
    (run,) = client.search_runs([experiment.experiment_id], "run_name = 'paml seed 0'")
    history = pl.read_parquet(finished.folder / HERE / "methods/paml/seed-0/history.parquet")
    assert {"gradient/norm", "inner_lr/minor_sd", "validation/mse"} <= {*history["figure"]}
    for (figure,), own in history.sort("epoch").group_by("figure"):
        points = client.get_metric_history(run.info.run_id, str(figure))
        assert [(p.step, p.value) for p in points] == own.select("epoch", "value").rows()


def test_mlflow_has_plots_predictions_and_weights(finished: SmallProject) -> None:
    client = MlflowClient(f"sqlite:///{finished.folder}/results/mlflow/mlflow.db")
    experiment = client.get_experiment_by_name("sample/movielens")
    assert experiment is not None
    (run,) = client.search_runs([experiment.experiment_id], "run_name = 'paml seed 0'")
    root = Path(run.info.artifact_uri.removeprefix("file://"))
    trial = finished.folder / HERE / "methods/paml/seed-0"
    for name in ("weights.safetensors", "predictions.parquet", "evaluation.json"):
        assert (root / name).read_bytes() == (trial / name).read_bytes()
    assert (root / "plots/paml-0.png").read_bytes().startswith(b"\x89PNG")


def test_the_best_trial_is_made_a_model_and_registered(finished: SmallProject) -> None:
    here = finished.folder / HERE
    choice = record(finished, "model.json")
    trainings = [record(finished, f"methods/{trial}/training.json") for trial in TRIALS]
    losses = sorted(training["validation_loss"] for training in trainings)
    assert choice["chosen"]["validation_loss"] == losses[0]
    assert [other["validation_loss"] for other in choice["others"]] == losses[1:]
    uri = f"sqlite:///{finished.folder}/results/mlflow/mlflow.db"
    best = MlflowClient(uri, registry_uri=uri).get_model_version_by_alias(
        "sample-movielens", "best"
    )
    assert best.tags["digest"] == choice["digest"]
    assert best.source is not None
    registered = Path(best.source.removeprefix("file://"))
    manifest = "data/bundle/manifest.json"
    assert (registered / manifest).read_bytes() == (here / "model" / manifest).read_bytes()


@pytest.mark.slow
def test_a_changed_method_runs_its_own_jobs_again(finished: SmallProject) -> None:
    planned = finished.planned("--config", "override={paml: {lr_max: 0.002}}")
    own = {"train paml 0", "train paml 1", "predict paml", "evaluate paml"}
    assert planned == own | SHOWN | {"best_model", "check_trainings"}


def copied(finished: SmallProject, folder: Path) -> SmallProject:
    """Copy a finished run, so that its files can be changed."""
    shutil.copytree(finished.folder, folder)
    return SmallProject(folder)


@pytest.mark.slow
def test_what_tables_show_trains_nothing_again(finished: SmallProject, tmp_path: Path) -> None:
    project = copied(finished, tmp_path / "copy")
    project.edit("config/methods/melu.yaml", label="MeLU, renamed", role="reference")
    project.edit("config/datasets/movielens.yaml", title="MovieLens, renamed")
    assert project.planned() == {*SHOWN, "data_report", "table_6"}


@pytest.mark.slow
def test_other_item_features_leave_the_split_alone(finished: SmallProject, tmp_path: Path) -> None:
    project = copied(finished, tmp_path / "copy")
    project.edit("config/datasets/movielens.yaml", item_features={"genre": GENRE})
    assert {"clean", "encode", "train paml 0"} <= project.planned()
    result = project.snakemake(f"{HERE}/split/split.json")
    assert result.returncode == 0, result.stdout + result.stderr
    assert record(project, "split/split.json") == record(finished, "split/split.json")


def test_no_training_reads_the_test_fold(finished: SmallProject) -> None:
    trainings = [body for rule, body in JOB.findall(said(finished)) if rule == "train"]
    assert len(trainings) == len(TRIALS)
    assert all("episodes/validation.safetensors" in body for body in trainings)
    assert not any("episodes/test.safetensors" in body for body in trainings)


@pytest.mark.slow
def test_snakemake_looks_for_jobs_once_a_job_has_ended(project: SmallProject) -> None:
    """Looks of which each brings another a second later would be more and more."""
    targets = (f"{HERE}/data_report.json", f"{HERE}/episodes/vocabulary.json")
    result = project.snakemake(*targets, "--verbose", cores=1)
    said = result.stdout + result.stderr
    assert result.returncode == 0, said
    assert said.count("Ready jobs: ") <= said.count("Finished jobid: ") == 5
