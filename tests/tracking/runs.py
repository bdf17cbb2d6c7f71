"""Runs to be tracked, and a folder to track them in."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run as StoredRun

from pipeline_lib.tracking.delivery import Delivery
from pipeline_lib.tracking.journal import OUTBOX, Journal, Run

LOG = logging.getLogger("test")


def make_run(seed: int = 0, started: int = 1_000_000, generation: str = "g", **own: str) -> Run:
    values = {"experiment": "sample/shop", "method": "paml"} | own
    return Run(
        key=f"{values} {seed} {started} {generation}".encode().hex()[-64:],
        generation=generation,
        **values,
        seed=seed,
        started=started,
        tags={"kind": "paml", "gamma": "0.001"},
        params={"outer_lr": "0.004"},
        dataset="shop",
        split="f00d" * 16,
    )


@contextmanager
def in_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Journals go to the folder's outbox; yields the folder that has outbox and store."""
    monkeypatch.chdir(folder)
    yield folder / OUTBOX.parent


def write_run(run: Run, epochs: int = 3) -> None:
    """Write the journal of a whole training."""
    with Journal(run, LOG) as journal:
        for epoch in range(1, epochs + 1):
            journal.metrics({"train/loss": 1 / epoch, "validation/loss": 2 / epoch}, epoch)
        journal.finish()


def deliver(folder: Path) -> MlflowClient:
    delivery = Delivery(folder, None, LOG)
    delivery.deliver()
    return delivery.store.client


def stored(client: MlflowClient, experiment: str = "sample/shop") -> dict[str, StoredRun]:
    """Find an experiment's runs by name."""
    found = client.get_experiment_by_name(experiment)
    assert found is not None
    runs = client.search_runs([found.experiment_id])
    return {run.info.run_name: run for run in runs}
