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


class Experiments(BaseModel):
    """The experiments of a run. store: the sqlite file. ids: by dataset."""

    store: Path
    ids: dict[str, str]


def create_experiments(store: Path, names: Mapping[str, str]) -> Experiments:
    """Make the sqlite store and the experiments, by dataset, that it lacks.

    One process does so before any run is logged: processes that met a fresh store at once would
    break it.
    """
    store.parent.mkdir(parents=True, exist_ok=True)
    client = _client(store)
    ids = {dataset: _experiment(client, store, name) for dataset, name in names.items()}
    return Experiments(store=store, ids=ids)


def _client(store: Path) -> MlflowClient:
    return MlflowClient(f"sqlite:///{store.resolve()}")


def _experiment(client: MlflowClient, store: Path, name: str) -> str:
    found = client.get_experiment_by_name(name)
    if found:
        return str(found.experiment_id)
    artifacts = (store.parent / "artifacts" / name).resolve().as_uri()
    return str(client.create_experiment(name, artifacts))


class TrackedRun:
    """One training job's run: finished when the block ends, failed when it raises.

    After the store's first failure the run warns, once, and tracks no further.
    """

    def __init__(
        self, experiments: Experiments, dataset: str, name: str, logger: logging.Logger
    ) -> None:
        self.experiments = experiments
        self.dataset = dataset
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
        if not self.experiments.store.is_file():
            raise FileNotFoundError(f"{self.experiments.store} is gone")
        self.client = _client(self.experiments.store)
        experiment = self.experiments.ids[self.dataset]
        self.run_id = self.client.create_run(experiment, run_name=self.name).info.run_id

    def _try(self, log: Callable[[], object]) -> None:
        if not self.working:
            return
        try:
            log()
        except Exception as error:  # whatever the store meets, training goes on
            self.working = False
            self.logger.warning(
                "MLflow failed (%s: %s); training goes on without it. To make the store anew, "
                "delete %s and the run's experiments.json",
                type(error).__name__,
                error,
                self.experiments.store,
            )
