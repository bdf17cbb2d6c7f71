"""An MLflow store; what is sent twice is there once."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
# A server that hangs holds up one request for ten seconds, and then the sender tries later.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")

from mlflow import MlflowClient
from mlflow.entities import (
    Dataset,
    DatasetInput,
    InputTag,
    LifecycleStage,
    Metric,
    Param,
    Run,
    RunTag,
)
from mlflow.exceptions import MlflowException

from pipeline_lib.tracking.describe import attempt_key, own_tags, settings_of, shared_tags
from pipeline_lib.tracking.families import RunState, settle
from pipeline_lib.tracking.secrets import mask
from pipeline_lib.tracking.views import experiment_tags
from pipeline_lib.training.attempt import EpochLine, Start, now

MOST_METRICS = 1000  # that MLflow takes at once
DIGEST = 36  # characters, of a dataset
EXISTS = "RESOURCE_ALREADY_EXISTS"
REFUSALS = {
    "BAD_REQUEST",
    "INVALID_PARAMETER_VALUE",
    "INVALID_STATE",
    EXISTS,
    "RESOURCE_DOES_NOT_EXIST",
}


class RefusedError(Exception):
    """The store will never take this."""


class DeletedError(Exception):
    """The store takes nothing of an experiment until it is restored, or deleted for good."""


@contextmanager
def refusals() -> Iterator[None]:
    """Raise RefusedError for what MLflow will never take, not for what it could not take now."""
    try:
        yield
    except MlflowException as error:
        if error.error_code in REFUSALS:
            raise RefusedError(str(error)) from error
        raise


class Store:
    """The store at a URI. workspace: tells runs of this folder from those of others."""

    def __init__(self, uri: str, artifacts: Path, workspace: str) -> None:
        self.uri, self.client = uri, MlflowClient(uri, registry_uri=uri)
        self.local_artifacts = artifacts if uri.startswith("sqlite:") else None
        self.workspace = workspace

    def find_or_make(self, start: Start, trial: Path) -> Run:
        """Find an attempt's run or make it; what an earlier try left out is added."""
        job, settings, make = start.job, settings_of(start), self.client.create_run
        experiment, started = self._experiment(job.experiment), int(job.started.timestamp() * 1000)
        found = self._find(experiment, f"tags.key = '{attempt_key(start)}'")
        if found and found.data.params.keys() >= settings.keys():  # they are sent last
            return found
        shared = {"workspace": self.workspace} | shared_tags(start)
        condition = f"tags.generation = '{shared['generation']}' and tags.level = 'method'"
        parent = self._find(experiment, condition) or make(
            experiment, started, shared | {"level": "method"}, job.method
        )
        own = shared | own_tags(start, trial) | {"mlflow.parentRunId": parent.info.run_id}
        run = found or make(experiment, started, own, f"{job.method} seed {job.seed}")
        data = Dataset(job.dataset, start.split_sha256[:DIGEST], "local", "{}")
        context = InputTag("mlflow.data.context", "training")
        self.client.log_inputs(run.info.run_id, [DatasetInput(data, [context])])
        for each in (parent, run):
            params = [Param(name, value) for name, value in settings.items()]
            self.client.log_batch(each.info.run_id, params=params)
        return run

    def send_epochs(self, run: Run, epochs: Sequence[EpochLine]) -> None:
        """Send the figures of any number of epochs."""
        metrics = [Metric(k, v, e.time, e.epoch) for e in epochs for k, v in e.figures.items()]
        for first in range(0, len(metrics), MOST_METRICS):
            self.client.log_batch(run.info.run_id, metrics[first : first + MOST_METRICS])

    def send_file(self, run: Run, path: Path) -> None:
        """Copy a file to a run's artifacts, a plot to `plots/`."""
        folder = "plots" if path.suffix == ".png" else None
        self.client.log_artifact(run.info.run_id, str(path), folder)

    def apply(self, state: RunState, run: Run) -> None:
        """Set the tags, metrics and status of a run where it has others."""
        run_id, tags, metrics, time = run.info.run_id, run.data.tags, run.data.metrics, now()
        changed = [RunTag(k, v) for k, v in state.tags.items() if tags.get(k) != v]
        new = [Metric(k, v, time, 0) for k, v in state.metrics.items() if metrics.get(k) != v]
        if changed or new:
            self.client.log_batch(run_id, new, tags=changed)
        if state.status == run.info.status:
            return
        if state.status == "RUNNING":
            self.client.update_run(run_id, "RUNNING")
        else:
            self.client.set_terminated(run_id, state.status, state.ended)

    def settle(self, experiment: str) -> None:
        """Mark superseded runs, and give the parents of seeds their mean and spread."""
        runs = [*self._search(self._experiment(experiment))]
        for run, state in settle(runs):
            self.apply(state, run)

    def register(self, run: Run, model: Path, name: str, digest: str) -> None:
        """Add a version, unless one of the same digest is there, and let `best` point to it."""
        if not self.client.search_registered_models(f"name = '{name}'"):
            _unless_there(lambda: self.client.create_registered_model(name))
        versions = self.client.search_model_versions(f"name = '{name}'")
        same = next((v for v in versions if v.tags.get("digest") == digest), None)
        if same is None:
            self.client.log_artifacts(run.info.run_id, str(model), "model")
            source, tags = f"{run.info.artifact_uri}/model", {"digest": digest}
            same = self.client.create_model_version(
                name, source, run.info.run_id, tags=tags, await_creation_for=0
            )
        self.client.set_registered_model_alias(name, "best", same.version)

    def _experiment(self, name: str) -> str:
        found = self.client.get_experiment_by_name(name)
        if found is None:
            local = self.local_artifacts
            folder = (local / name).resolve().as_uri() if local else None
            _unless_there(lambda: self.client.create_experiment(name, folder, experiment_tags()))
            found = self.client.get_experiment_by_name(name)
        if found is None:
            raise RefusedError(f"experiment {name} can neither be made nor found")
        if found.lifecycle_stage == LifecycleStage.DELETED:
            number, uri = found.experiment_id, mask(self.uri)
            database = "<its database>" if uri.startswith("http") else uri
            raise DeletedError(
                f"the experiment {name} is deleted in MLflow, so its runs wait: restore it with "
                f"`MLFLOW_TRACKING_URI={uri} mlflow experiments restore --experiment-id {number}`, "
                f"or delete it for good with `MLFLOW_TRACKING_URI={uri} mlflow gc "
                f"--backend-store-uri {database} --experiment-ids {number}` where the store is, "
                "and a new one is made"
            )
        return str(found.experiment_id)

    def _find(self, experiment: str, condition: str) -> Run | None:
        return next(self._search(experiment, f" and {condition}"), None)

    def _search(self, experiment: str, condition: str = "") -> Iterator[Run]:
        token, own = None, f"tags.workspace = '{self.workspace}'"
        while token != "":
            page = self.client.search_runs([experiment], own + condition, page_token=token)
            yield from page
            token = page.token or ""


def _unless_there(make: Callable[[], object]) -> None:
    """Make something, or let another process have made it at the same moment."""
    try:
        make()
    except MlflowException as error:
        if error.error_code != EXISTS:
            raise
