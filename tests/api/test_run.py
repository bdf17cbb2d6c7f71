"""A finished run, opened: what it holds, and what is wrong with a name or a file."""

import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from pipeline_lib.api import OpenedRun, compare, open_run
from pipeline_lib.evaluation.comparison import Comparison
from pipeline_lib.evaluation.evaluate import Evaluation
from pipeline_lib.storage.tables import TableError, read_json
from tests.workflow.small_project import SmallProject

DATASET = "movielens"


@pytest.fixture(scope="module")
def run(finished: SmallProject) -> OpenedRun:
    return open_run(finished.folder / "results/sample")


def test_it_holds_the_datasets_methods_and_seeds(run: OpenedRun) -> None:
    assert run.datasets == [DATASET]
    assert run.methods(DATASET) == ["melu", "paml", "two-bias"]
    assert run.seeds(DATASET, "paml") == [0, 1]
    assert run.seeds(DATASET, "two-bias") == [0]


def test_the_metrics_are_those_of_the_evaluation(run: OpenedRun) -> None:
    for seed in (0, 1):
        path = run.folder / DATASET / f"methods/paml/seed-{seed}/evaluation.json"
        judged = read_json(path, Evaluation)
        own = run.results(DATASET, "paml").metrics().filter(seed=seed)
        assert dict(own.select("metric", "value").iter_rows()) == judged.metrics
        assert dict(own.select("metric", "users").iter_rows()) == judged.counted


def test_two_methods_differ_as_the_comparison_says(run: OpenedRun) -> None:
    """The same draws give the same interval."""
    comparison = read_json(run.folder / DATASET / "comparison.json", Comparison)
    found = compare(run.results(DATASET, "paml"), run.results(DATASET, "melu"))
    assert found["metric"].to_list() == [*dict.fromkeys(p.metric for p in comparison.pairs)]
    for row in found.to_dicts():
        pair = comparison.pair(row["metric"], "paml", "melu")
        assert pair is not None
        wanted = pair.model_dump(exclude={"holm_p"})
        assert row == pytest.approx(wanted, abs=1e-12)


def test_methods_of_different_splits_are_not_compared(run: OpenedRun) -> None:
    paml = run.results(DATASET, "paml")
    other = replace(paml, method="other", split_sha256="0" * 64)
    with pytest.raises(ValueError, match="other on split 000000000000; compare methods of one"):
        compare(paml, other)


def test_a_wrong_name_is_answered_with_the_right_one(run: OpenedRun, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="unknown dataset 'movielense'; did you mean 'movielens'"):
        run.methods("movielense")
    with pytest.raises(ValueError, match="unknown method 'pamml'; did you mean 'paml'"):
        run.results(DATASET, "pamml")
    with pytest.raises(ValueError, match="unknown seed '7'; Known: 0, 1"):
        run.load(DATASET, "paml", seed=7)
    with pytest.raises(FileNotFoundError, match="results/<name>"):
        open_run(tmp_path)


def test_a_damaged_table_is_refused_by_its_name(run: OpenedRun, tmp_path: Path) -> None:
    trial = tmp_path / DATASET / "methods/paml/seed-0"
    trial.mkdir(parents=True)
    for path in (run.folder / trial.relative_to(tmp_path)).iterdir():
        content = path.read_bytes() if path.is_file() else b""
        (trial / path.name).write_bytes(content[:100] if path.stem == "users" else content)
    with pytest.raises(TableError, match=r"users\.parquet is damaged"):
        open_run(tmp_path).results(DATASET, "paml")


def test_predictions_are_the_files(run: OpenedRun) -> None:
    path = run.folder / DATASET / "methods/melu/seed-1/predictions.parquet"
    own = run.results(DATASET, "melu").predictions.filter(seed=1).drop("seed")
    assert own.equals(pl.read_parquet(path, glob=False))


def test_a_training_that_was_stopped_is_named_and_not_read(run: OpenedRun, tmp_path: Path) -> None:
    trial = tmp_path / DATASET / "methods/paml/seed-0"
    trial.mkdir(parents=True)
    for name in ("training", "evaluation"):
        own = json.loads((run.folder / trial.relative_to(tmp_path) / f"{name}.json").read_text())
        why = {"stopped": "epoch 3: too large"}
        (trial / f"{name}.json").write_text(json.dumps(own | why))
    stopped = open_run(tmp_path)
    for read in (stopped.results, stopped.load):
        with pytest.raises(ValueError, match=r"seed-0: this training was stopped in epoch 3: too"):
            read(DATASET, "paml")
