"""Bundles of a finished small run, and its users as they would ask."""

import json
from pathlib import Path

import polars as pl

from pipeline_lib.serving.bundle import write_bundle
from pipeline_lib.serving.requests import UserRequest
from tests.conftest import load_dataset
from tests.workflow.small_project import SmallProject

HERE = "results/sample/movielens"
TEMPLATE = ("gender", "age", "occupation", "zip")


def bundle_of(project: SmallProject, trial: str, folder: Path, weights: str | None = None) -> Path:
    """Write a trial's bundle; weights: another trial, whose weights it gets."""
    dataset = load_dataset("movielens", project.folder / "config")
    write_bundle(bundle_files(project, trial, weights), dataset.log_settings(), folder)
    return folder


def bundle_files(project: SmallProject, trial: str, weights: str | None = None) -> dict[str, Path]:
    """List the files that a bundle is made of."""
    here = project.folder / HERE
    return {
        "weights": here / f"methods/{weights or trial}/weights.safetensors",
        "record": here / f"methods/{trial}/training.json",
        "catalogue": here / "episodes/items.safetensors",
        "vocabulary": here / "episodes/vocabulary.json",
        "names": here / "episodes/items.parquet",
    }


def profiles(project: SmallProject) -> dict[str, dict[str, str | None]]:
    """Read the raw profiles of all users."""
    lines = (project.folder / HERE / "raw/users.dat").read_text("latin-1").splitlines()
    users = [line.split("::") for line in lines]
    return {user: dict(zip(TEMPLATE, own, strict=True)) for user, *own in users}


def cold_users(project: SmallProject) -> list[UserRequest]:
    """Ask about each test user what the workflow had to predict."""
    rows = pl.read_parquet(project.folder / HERE / "split/interactions.parquet")
    rows, raw = rows.filter(fold="test"), profiles(project)
    found = []
    for (user,), own in rows.sort("user").group_by("user", maintain_order=True):
        support, query = own.filter(part="support"), own.filter(part="query")
        known = list(zip(support["item"], support["target"], strict=True))
        found.append(UserRequest(str(user), raw[str(user)], known, query["item"].to_list()))
    return found


def due(project: SmallProject, trial: str) -> pl.DataFrame:
    """Read what the workflow predicted, cut to the scale of the ratings."""
    path = project.folder / HERE / f"methods/{trial}/predictions.parquet"
    score = pl.col("score").clip(1, 5)
    return pl.read_parquet(path).select("user", "item", score, "inner_lr")


def as_json(requests: list[UserRequest]) -> str:
    """Write requests as the body of a call over HTTP."""
    records = [
        {
            "user": r.user,
            **r.profile,
            "support": [{"item": item, "target": target} for item, target in r.support],
            "candidates": r.candidates,
        }
        for r in requests
    ]
    return json.dumps({"dataframe_records": records})
