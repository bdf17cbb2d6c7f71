"""Mirror training runs into MLflow; the only module that imports it.

The files of the workflow are the truth: a tracking store that fails costs a warning, no result.
"""

import logging
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Self

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException
from pydantic import BaseModel


class Experiment(BaseModel):
    """An experiment in a tracking store."""

    tracking_uri: str
    experiment_id: str


def create_experiment(store: Path, name: str) -> Experiment:
    """Make the sqlite store and the experiment when they are missing.

    One process makes both before any run is logged: processes that met a fresh store at once
    would break it.
    """
    store.parent.mkdir(parents=True, exist_ok=True)
    uri = f"sqlite:///{store.resolve()}"
    client = MlflowClient(uri)
    found = client.get_experiment_by_name(name)
    artifacts = (store.parent / "artifacts" / name).resolve().as_uri()
    identifier = found.experiment_id if found else client.create_experiment(name, artifacts)
    return Experiment(tracking_uri=uri, experiment_id=identifier)


class TrackedRun:
    """One training job's run: finished when the block ends, failed when it raises."""

    def __init__(self, experiment: Experiment, name: str, logger: logging.Logger) -> None:
        self.logger = logger
        self.client = MlflowClient(experiment.tracking_uri)
        self.run_id = ""
        with self._store():
            run = self.client.create_run(experiment.experiment_id, run_name=name)
            self.run_id = run.info.run_id

    def __enter__(self) -> Self:
        """Start."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Close the run."""
        with self._store():
            self.client.set_terminated(self.run_id, "FAILED" if kind else "FINISHED")

    def log_settings(self, settings: Mapping[str, object], tags: Mapping[str, object]) -> None:
        """Log what the run was asked to do, and what to find it by."""
        params = [Param(key, str(value)) for key, value in settings.items()]
        run_tags = [RunTag(key, str(value)) for key, value in tags.items()]
        with self._store():
            self.client.log_batch(self.run_id, params=params, tags=run_tags)

    def log_metrics(self, values: Mapping[str, float], epoch: int) -> None:
        """Log the figures of an epoch in one batch."""
        now = int(time.time() * 1000)
        metrics = [Metric(key, value, now, epoch) for key, value in values.items()]
        with self._store():
            self.client.log_batch(self.run_id, metrics)

    @contextmanager
    def _store(self) -> Iterator[None]:
        """Let training go on without tracking once the store fails."""
        try:
            yield
        except (MlflowException, OSError) as error:
            self.logger.warning("MLflow failed, training goes on without it: %s", error)
