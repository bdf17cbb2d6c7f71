"""Time answers to new users: one with 1,000 candidates, and batches; on one core."""

import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from filelock import FileLock
from rich.console import Console
from rich.table import Table

from pipeline_lib.serving.recommender import Recommender, load_recommender
from pipeline_lib.serving.requests import UserRequest
from tests.serving.small_bundle import bundle_of
from tests.workflow.small_project import copy_project

METHODS = ["two-bias", "transfer", "melu", "meta-sgd", "paml", "at-paml", "reg-paml"]
CANDIDATES, SUPPORT, ITEMS, USERS = 1000, 10, 3000, 600
TIMES = 200  # answers to one user
BATCHES = (1, 8, 64, 512)  # users


def main() -> None:
    """Train every method for a moment on a generated log of 3,000 items, and ask."""
    torch.set_num_threads(1)
    console, folder = Console(), Path(tempfile.mkdtemp())
    project = copy_project(folder)
    sample = {"generator": "movielens", "users": USERS, "items": ITEMS, "seed": 1}
    project.edit("config/datasets/movielens.yaml", sample=sample)
    network = {"embedding_size": 32, "embedding_std": 0.1, "hidden": [64, 32], "head": "value"}
    learners = {name: {"epochs": 1} for name in METHODS[1:]}
    project.edit(
        "config/config.yaml", methods=METHODS, seeds=[0], override=learners, network=network
    )
    here = "results/sample/movielens/methods"
    done = project.snakemake(*(f"{here}/{m}/seed-0/weights.safetensors" for m in METHODS))
    if done.returncode:
        raise SystemExit(done.stderr)
    one = Table("method", "median ms", "95 % ms", *(f"{n} users, users/s" for n in BATCHES))
    for method in METHODS:
        bundle = bundle_of(project, f"{method}/seed-0", folder / f"bundle-{method}")
        recommender = load_recommender(bundle)
        times = 1000 * _measure(recommender, users=1, times=TIMES)
        rates = [n / np.median(_measure(recommender, n, 5)) for n in BATCHES]
        row = [f"{np.median(times):.1f}", f"{np.quantile(times, 0.95):.1f}"]
        one.add_row(method, *row, *(f"{rate:,.0f}" for rate in rates))
    console.print(
        f"{len(recommender.items):,} items; {min(CANDIDATES, len(recommender.items))} candidates "
        f"and {SUPPORT} support rows a user, one thread, from request to table"
    )
    console.print(one)
    with FileLock(folder / "results/mlflow/sender.lock"):  # which may still send to MLflow
        shutil.rmtree(folder)


def _measure(recommender: Recommender, users: int, times: int) -> np.ndarray:
    profile = {"gender": "F", "age": "25", "occupation": "4", "zip": "55117"}
    support = [(item, 4.0) for item in recommender.items[:SUPPORT]]
    items = recommender.items[-CANDIDATES:]
    requests = [UserRequest(f"user {n}", profile, support, items) for n in range(users)]
    taken = []
    for turn in range(times + 2):
        start = time.perf_counter()
        recommender.recommend(requests)
        if turn >= 2:
            taken.append(time.perf_counter() - start)
    return np.array(taken)


if __name__ == "__main__":
    main()
