"""A log of clicks in Parquet, of numbers, booleans, lists and times, passes the whole workflow."""

import csv
import json
import random
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from tests.workflow.small_project import ROOT, SmallProject

ADS = """\
title: Ads
licence: ours
folder: ads
task: {kind: click}
users: {file: people.parquet, user: id}
items: {file: ads.parquet, item: ad}
interactions:
  file: shown.parquet
  user: id
  item: ad
  target: clicked
  repeats: highest
  filters: [{column: place, values: [1, 2]}]
user_features:
  member: {kind: categorical, values: [0, 1]}
  age: {kind: bucketed, edges: [30, 50]}
  income: {kind: numeric, missing: unknown}
item_features:
  topics: {kind: multi-valued, separator: "|"}
  price: numeric
  rate: {kind: numeric, rate: target}
  lograte: {kind: numeric, log: rate}
partition: {major_features: 2, min_clicked: 1, order: filters-first}
"""


@pytest.fixture
def ads(tmp_path: Path) -> SmallProject:
    for name in ("workflow", "config"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "Snakefile", tmp_path)
    (tmp_path / "config/datasets/ads.yaml").write_text(ADS, encoding="utf-8")
    (tmp_path / "logs/ads").mkdir(parents=True)
    write_logs(tmp_path / "logs/ads", random.Random(3))  # noqa: S311
    return SmallProject(tmp_path)


def write_logs(folder: Path, draw: random.Random) -> None:
    people = [
        {"id": n, "member": draw.random() < 0.5, "age": draw.randint(18, 70), "income": None}
        | ({"income": draw.lognormvariate(10, 1)} if n % 5 else {})
        for n in range(200)
    ]
    pl.DataFrame(people, schema_overrides={"income": pl.Float64}).write_parquet(
        folder / "people.parquet"
    )
    topics = ["sport", "music", "home"]
    ads = [
        {"ad": 900 + n, "topics": draw.sample(topics, n % 3), "price": round(draw.random() * 9, 2)}
        for n in range(40)
    ]
    pl.DataFrame(ads).write_parquet(folder / "ads.parquet")
    start = datetime(2024, 1, 1)
    shown = [
        {
            "id": draw.randrange(200),
            "ad": 900 + draw.randrange(40),
            "clicked": draw.random() < 0.3,
            "place": draw.randint(1, 3),
            "at": start + timedelta(minutes=n),
        }
        for n in range(3000)
    ]
    pl.DataFrame(shown).write_parquet(folder / "shown.parquet")


@pytest.mark.slow
def test_a_log_of_clicks_in_parquet_gives_a_table(ads: SmallProject) -> None:
    run = ["name=ads", "logs=real", "raw_dir=logs", "datasets=[ads]", "methods=[two-bias]"]
    chosen = ["mrr", "ndcg_5", "recall_1", "hit_1", "calibration", "rmse"]
    here = ads.folder / "results/ads/ads"
    tables = [f"results/ads/ads/tables/{name}.csv" for name in ("table2", "metrics")]
    choice = f"metrics=[{', '.join(chosen)}]"
    refused = ads.snakemake(*tables, "--config", *run, "seeds=[0]", choice)
    assert "unknown metric of clicks 'rmse'" in refused.stdout + refused.stderr
    result = ads.snakemake(*tables, "--config", *run, "seeds=[0]", choice.replace(", rmse", ""))
    assert result.returncode == 0, result.stdout + result.stderr
    with (here / "tables/table2.csv").open(encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert 0 < float(row["auc_mean"]) < 1
    with (here / "tables/metrics.csv").open(encoding="utf-8") as file:
        chance, own = csv.DictReader(file)
    assert chance["label"] == "One score for all"
    for name in chosen[:-1]:
        assert 0 < float(own[f"{name}_mean"]) < 1
        assert 0 < float(chance[f"{name}_mean"]) < 1
    vocabulary = json.loads((here / "episodes/vocabulary.json").read_text("utf-8"))
    assert vocabulary["user"]["member"] == ["0", "1"]
    assert vocabulary["item"]["topics"] == ["home", "music", "sport"]
    assert set(vocabulary["item"]["lograte"]) == {"mean", "sd"}
    report = json.loads((here / "clean/report.json").read_text("utf-8"))
    shown = report["files"][-1]
    assert shown["read"] == 3000
    assert set(shown["reasons"]) == {
        "place: not one of 1, 2",
        "another row of this user and item is taken",
    }
