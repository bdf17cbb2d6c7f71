"""Mirror training runs into MLflow; the only module that imports it.

The files of the workflow are the truth: a tracking store that fails costs a warning, no result.
"""

import logging
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from pydantic import BaseModel


class Store(BaseModel):
    """A store in a sqlite file."""

    store: Path


class Experiment(Store):
    """An experiment in a store."""

    experiment_id: str


def create_store(path: Path) -> Store:
    """Make the sqlite store when it is missing.

    One process does so before any other comes near: several that met a fresh store at once
    would break it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _client(path).search_experiments()
    return Store(store=path)


def create_experiment(store: Store, name: str) -> Experiment:
    """Make the experiment when the store lacks it."""
    client = _client(store.store)
    found = client.get_experiment_by_name(name)
    artifacts = (store.store.parent / "artifacts" / name).resolve().as_uri()
    identifier = found.experiment_id if found else client.create_experiment(name, artifacts)
    return Experiment(store=store.store, experiment_id=str(identifier))


def _client(store: Path) -> MlflowClient:
    return MlflowClient(f"sqlite:///{store.resolve()}")


class TrackedRun:
    """One training job's run: finished when the block ends, failed when it raises.

    After the store's first failure the run warns, once, and tracks no further.
    """

    def __init__(self, experiment: Experiment, name: str, logger: logging.Logger) -> None:
        self.experiment = experiment
        self.name = name
        self.logger = logger
        self.working = True
        self.run_id = ""

    def __enter__(self) -> Self:
        """Start the run."""
        self._try(self._start)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Close the run."""
        status = "FAILED" if kind else "FINISHED"
        self._try(lambda: self.client.set_terminated(self.run_id, status))

    def log_settings(self, settings: Mapping[str, object], tags: Mapping[str, object]) -> None:
        """Log what the run was asked to do, and what to find it by."""
        params = [Param(key, str(value)) for key, value in settings.items()]
        run_tags = [RunTag(key, str(value)) for key, value in tags.items()]
        self._try(lambda: self.client.log_batch(self.run_id, params=params, tags=run_tags))

    def log_metrics(self, values: Mapping[str, float], epoch: int) -> None:
        """Log the figures of an epoch in one batch."""
        now = int(time.time() * 1000)
        metrics = [Metric(key, value, now, epoch) for key, value in values.items()]
        self._try(lambda: self.client.log_batch(self.run_id, metrics))

    def _start(self) -> None:
        if not self.experiment.store.is_file():
            raise FileNotFoundError(f"{self.experiment.store} is gone")
        self.client = _client(self.experiment.store)
        run = self.client.create_run(self.experiment.experiment_id, run_name=self.name)
        self.run_id = run.info.run_id

    def _try(self, log: Callable[[], object]) -> None:
        if not self.working:
            return
        try:
            log()
        except Exception as error:  # whatever the store meets, training goes on
            self.working = False
            self.logger.warning(
                "MLflow failed (%s: %s); training goes on without it. To make the store anew, "
                "delete %s, and tracking.json and experiment.json of the run",
                type(error).__name__,
                error,
                self.experiment.store,
            )
