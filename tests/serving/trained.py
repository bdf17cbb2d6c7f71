"""A small run, trained in this process, with its files where the workflow has them."""

from datetime import UTC, datetime
from pathlib import Path

import torch
import yaml

from pipeline_lib.data.clean.clean import clean
from pipeline_lib.data.encode.split import encode_split
from pipeline_lib.data.encode.tables import read_tables
from pipeline_lib.data.sample.write import write_sample
from pipeline_lib.evaluation.predict import load_predictor, predict_users
from pipeline_lib.partition.split import partition
from pipeline_lib.schemas.clean import interactions, users
from pipeline_lib.schemas.results import PREDICTIONS
from pipeline_lib.schemas.split import DROPPED, ITEMS, SPLIT_USERS, split_rows
from pipeline_lib.settings.load import Settings, load_settings
from pipeline_lib.settings.methods.base import LearnerSettings
from pipeline_lib.storage.tables import read_json, read_table, scan_table, write_json, write_table
from pipeline_lib.storage.tensors import write_tensors
from pipeline_lib.training.job import run_training
from pipeline_lib.training.record import TrainingJob, TrainingRecord
from tests.serving.small_bundle import HERE
from tests.workflow.small_project import copy_project

NAME = "movielens"


def train_small_run(folder: Path, methods: list[str], learners: list[str]) -> None:
    """Make a project with a sample log, train methods on it, and predict."""
    project = copy_project(folder)
    quick = {"epochs": 3, "outer_lr": 0.02}
    override = dict.fromkeys(learners, quick)
    project.edit("config/config.yaml", methods=methods, seeds=[0], override=override)
    config = yaml.safe_load((folder / "config/config.yaml").read_text(encoding="utf-8"))
    settings, here = load_settings(config, folder / "config"), folder / HERE
    _split(settings, here)
    _encode(settings, here)
    for method in methods:
        _train(settings, here, method)
        _predict(here, here / f"methods/{method}/seed-0")


def _split(settings: Settings, here: Path) -> None:
    data = settings.datasets[NAME]
    raw = {role: here / "raw" / table.file for role, table in data.tables().items()}
    assert data.sample is not None
    write_sample(raw, data.sample)
    out = {"users": "users.parquet", "item_table": "items.parquet", "report": "report.json"}
    out |= {name: f"{name}.parquet" for name in ("interactions", "events", "rejects")}
    (here / "clean").mkdir()
    clean(raw, data, {name: here / "clean" / file for name, file in out.items()})
    split = partition(
        read_table(here / "clean/users.parquet", users(data.user_features)),
        scan_table(here / "clean/interactions.parquet", interactions(data.task.scale)),
        data.grouping(),
        data.partition,
        settings.run.split_seed,
    )
    write_table(split.users, SPLIT_USERS, here / "split/users.parquet")
    write_table(
        split.interactions, split_rows(data.task.scale), here / "split/interactions.parquet"
    )
    write_table(split.dropped, DROPPED, here / "split/dropped.parquet")
    write_json(split.summary, here / "split/split.json")


def _encode(settings: Settings, here: Path) -> None:
    files = {
        "users": here / "clean/users.parquet",
        "item_table": here / "clean/items.parquet",
        "events": here / "clean/events.parquet",
        "report": here / "clean/report.json",
        "split_users": here / "split/users.parquet",
        "rows": here / "split/interactions.parquet",
    }
    tables, features = read_tables(files, settings.datasets[NAME])
    encoded, out = encode_split(tables, features), here / "episodes"
    fitted = {
        "catalogue": "items.safetensors",
        "vocabulary": "vocabulary.json",
        "train_users": "train_users.parquet",
        "validation_users": "validation_users.parquet",
        "names": "items.parquet",
    }
    encoded.save({name: out / file for name, file in fitted.items()})
    for fold, episodes in encoded.folds.items():
        episodes.save(out / f"{fold}.safetensors")


def _files(here: Path) -> dict[str, Path]:
    own = {fold: here / f"episodes/{fold}.safetensors" for fold in ("train", "validation", "test")}
    return own | {
        "catalogue": here / "episodes/items.safetensors",
        "vocabulary": here / "episodes/vocabulary.json",
        "train_users": here / "episodes/train_users.parquet",
        "validation_users": here / "episodes/validation_users.parquet",
        "split": here / "split/split.json",
    }


def _train(settings: Settings, here: Path, method: str) -> None:
    own = settings.method(NAME, method)
    learns = isinstance(own, LearnerSettings)
    job = TrainingJob(
        experiment=f"sample/{NAME}",
        dataset=NAME,
        method=method,
        seed=0,
        started=datetime.now(UTC),
        settings=own.for_training(),
        task=settings.datasets[NAME].task,
        network=settings.run.network if learns else None,
        device="cpu",
        threads=1,
        processes=1,
        code="c0de",
        environment={},
    )
    trial = here / f"methods/{method}/seed-0"
    trained = run_training(job, _files(here), trial, torch.device("cpu"), lambda _: None)
    write_tensors(trained.method.state_dict(), trial / "weights.safetensors")
    write_json(trained.record, trial / "training.json")


def _predict(here: Path, trial: Path) -> None:
    record = read_json(trial / "training.json", TrainingRecord)
    files = _files(here) | {"weights": trial / "weights.safetensors"}
    people = read_table(here / "split/users.parquet", SPLIT_USERS)
    items = read_table(here / "episodes/items.parquet", ITEMS)
    predictions = predict_users(load_predictor(record, files, people, items))
    write_table(predictions, PREDICTIONS, trial / "predictions.parquet")
