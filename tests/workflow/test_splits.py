"""Further splits of a finished run: made from the same clean log, and nothing else runs again."""

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from tests.workflow.small_project import JOB, SmallProject, copy_finished

pytestmark = pytest.mark.slow
SPLITS = ("--config", "splits={seeds: [1, 2], methods: [two-bias, melu]}")


@pytest.fixture(scope="module")
def over_splits(finished: SmallProject, tmp_path_factory: pytest.TempPathFactory) -> SmallProject:
    project = copy_finished(finished, tmp_path_factory.mktemp("splits") / "project")
    result = project.snakemake("all", *SPLITS)
    said = result.stdout + result.stderr
    assert result.returncode == 0, said
    assert {rule for rule, _ in JOB.findall(said)} == {
        *("partition", "encode", "train", "predict", "predict_references", "evaluate"),
        *("evaluate_references", "compare_splits", "split_tables", "report"),
        *("check_trainings", "all"),
    }
    return project


def own(project: SmallProject, file: str) -> list[Path]:
    here = project.folder / "results/sample/movielens"
    return [here / file, *(here / f"splits/{seed}" / file for seed in (1, 2))]


def test_splits_differ_and_share_the_clean_log(over_splits: SmallProject) -> None:
    users = [pl.read_parquet(file) for file in own(over_splits, "split/users.parquet")]
    tested = [{*u.filter(fold="test")["user"]} for u in users]
    assert all(a != b for a, b in ((tested[0], tested[1]), (tested[1], tested[2])))
    clean = pl.read_parquet(own(over_splits, "clean/users.parquet")[0])["user"]
    assert all({*u["user"]} <= {*clean} for u in users)
    assert not own(over_splits, "clean")[1].exists()


def test_the_table_is_of_what_the_splits_gave(over_splits: SmallProject) -> None:
    found = [
        json.loads(file.read_text())["metrics"]["mse"]
        for file in own(over_splits, "methods/two-bias/seed-0/evaluation.json")[1:]
    ]
    table = pl.read_csv(own(over_splits, "tables/error_splits.csv")[0])
    row = table.row(by_predicate=pl.col("method") == "two-bias", named=True)
    assert row["mse_mean"] == pytest.approx(sum(found) / 2)
    assert row["mse_sd_over_splits"] == pytest.approx(abs(found[0] - found[1]) / 2**0.5)
    assert {*table["method"]} == {"two-bias", "melu"}


def test_trainings_are_mirrored_by_split(over_splits: SmallProject) -> None:
    attempts = own(over_splits, "methods/melu/seed-0/attempts")
    assert all([*folder.glob("*.jsonl")] for folder in attempts)
    sent = next((over_splits.folder / "results/mlflow").glob("sent-*.json"))
    assert "movielens/splits/2/methods/melu" in sent.read_text()


def test_nothing_is_left_to_do(over_splits: SmallProject) -> None:
    assert not over_splits.planned("all", *SPLITS)


def test_the_run_gives_entries_of_which_the_leaderboard_is_made(over_splits: SmallProject) -> None:
    result = over_splits.snakemake("entries", *SPLITS)
    assert result.returncode == 0, result.stdout + result.stderr
    files = sorted((over_splits.folder / "results/sample/leaderboard").iterdir())
    names = [f"movielens-{method}.json" for method in ("melu", "paml", "two-bias")]
    assert [file.name for file in files] == names
    check = [sys.executable, "-m", "pipeline_lib", "leaderboard"]
    said = subprocess.run(
        [*check, *map(str, files)], capture_output=True, text=True, cwd=over_splits.folder
    )
    assert said.returncode == 1
    assert f"{files[0]}: generated logs are no measure" in said.stderr

    entries = [json.loads(file.read_bytes()) for file in files]
    assert [len(entry["trials"]) for entry in entries] == [4, 2, 2]
    (ours := over_splits.folder / "docs/leaderboard/them").mkdir(parents=True)
    for file, entry in zip(files, entries, strict=True):
        trials = [trial | {"revision": "0123456789ab"} for trial in entry["trials"]]
        changed = entry | {"logs": "real", "trials": trials}
        (ours / file.name).write_text(json.dumps(changed), encoding="utf-8")
    said = subprocess.run(check, capture_output=True, text=True, cwd=over_splits.folder, check=True)
    assert said.stdout == "3 entries are sound.\n"
    result = over_splits.snakemake("leaderboard")
    assert result.returncode == 0, result.stdout + result.stderr
    page = (over_splits.folder / "docs/leaderboard.md").read_text(encoding="utf-8")
    table = (over_splits.folder / "results/sample/movielens/tables/error_splits.md").read_text()
    cells = [line.split("|") for line in table.splitlines() if line.startswith("|")]
    for label in ("MeLU", "Two-bias model"):
        spread = next(c[2].strip(" *") for c in cells if c[1].strip() == label)
        row = next(line for line in page.splitlines() if line.startswith(f"| {label} "))
        assert row.split("|")[2].strip() == spread


def test_metrics_of_the_runs_choice_are_over_splits_too(over_splits: SmallProject) -> None:
    """The last test, as it judges the run anew."""
    file = own(over_splits, "tables/metric_splits.csv")[0]
    target = str(file.relative_to(over_splits.folder))
    result = over_splits.snakemake(target, *SPLITS, "metrics=[mae]")
    assert result.returncode == 0, result.stdout + result.stderr
    assert {rule for rule, _ in JOB.findall(result.stdout + result.stderr)} == {
        *("evaluate", "evaluate_references", "compare", "compare_splits", "metric_tables"),
    }
    found = [
        json.loads(judged.read_text())["metrics"]["mae"]
        for judged in own(over_splits, "methods/two-bias/seed-0/evaluation.json")[1:]
    ]
    row = pl.read_csv(file).row(by_predicate=pl.col("method") == "two-bias", named=True)
    assert row["mae_mean"] == pytest.approx(sum(found) / 2)
    assert row["mae_sd_over_splits"] == pytest.approx(abs(found[0] - found[1]) / 2**0.5)
